/*
 * watch: see watch.h.
 */
#include "common/watch.h"

/* Look at the file: 1 if it has changed since the last look. */
static int
look(struct watch *w, size_t i)
{
	struct stat *old = &w->v[i].st, st;
	int there = stat(w->v[i].path, &st) == 0, changed;

	changed = there != w->v[i].there;
	if (there && !changed)
		changed = st.st_dev != old->st_dev ||
		    st.st_ino != old->st_ino || st.st_size != old->st_size ||
		    st.st_mtim.tv_sec != old->st_mtim.tv_sec ||
		    st.st_mtim.tv_nsec != old->st_mtim.tv_nsec ||
		    st.st_ctim.tv_sec != old->st_ctim.tv_sec ||
		    st.st_ctim.tv_nsec != old->st_ctim.tv_nsec;
	w->v[i].there = there;
	if (there)
		*old = st;
	return changed;
}

void
watch_add(struct watch *w, const char *path)
{
	if (path == NULL || w->n == WATCH_MAX)
		return;
	w->v[w->n].path = path;
	w->v[w->n].there = 0;
	look(w, w->n++);
}

int
watch_changed(struct watch *w)
{
	int changed = 0;
	size_t i;

	for (i = 0; i < w->n; i++)
		changed |= look(w, i);
	return changed;
}
