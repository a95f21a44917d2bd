/*
 * receipt: what became of an SMS, as a delivery status notification for
 * whoever asked for one.
 */
#ifndef RECEIPT_H
#define RECEIPT_H

#include "gateway/hook.h"
#include "hook/once.h"

/*
 * Before the sandbox: receipts are counted (common/metrics.h).  Later nothing
 * could be opened; the file of figures is written by the next session.
 */
void receipt_prepare(const struct config *);

/*
 * 0: it is mailed, or was, or nobody has asked for it; or the item tells of
 * no SMS's fate.  -1: not now; the log says why.
 */
int receipt_take(const struct tools *, const struct hook_receipt *,
    json_t *item);

#endif
