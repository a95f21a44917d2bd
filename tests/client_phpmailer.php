<?php
/*
 * What client_phpmailer.py has PHPMailer do.  Arguments: the port, the way of
 * AUTH (PLAIN, LOGIN, XOAUTH2), a user, a secret; standard input: the mails
 * as JSON, sent one after the other over one connection.  A mail sets
 * PHPMailer's properties by their names; "to" and "attachment" are its own.
 * Prints an array with the last reply to each, or with the error.
 */
declare(strict_types=1);

use PHPMailer\PHPMailer\Exception;
use PHPMailer\PHPMailer\OAuthTokenProvider;
use PHPMailer\PHPMailer\PHPMailer;

require getenv('PHPMAILER');

class Token implements OAuthTokenProvider
{
    private string $response;

    public function __construct(string $user, string $token)
    {
        $this->response = "user=$user\x01auth=Bearer $token\x01\x01";
    }

    public function getOauth64(): string
    {
        return base64_encode($this->response);
    }
}

[, $port, $method, $user, $secret] = $argv;
$mail = new PHPMailer(true);
$mail->isSMTP();
$mail->Host = '127.0.0.1';
$mail->Port = (int)$port;
$mail->SMTPKeepAlive = true;
$mail->SMTPAuth = true;
$mail->AuthType = $method;
$mail->Username = $user;
$mail->Password = $secret;
if ($method === 'XOAUTH2') {
    $mail->setOAuth(new Token($user, $secret));
}
$mail->setFrom('monitor@example.org');
$results = [];
foreach (json_decode(stream_get_contents(STDIN), true) as $wanted) {
    try {
        $mail->clearAllRecipients();
        $mail->clearAttachments();
        $mail->CharSet = PHPMailer::CHARSET_UTF8;
        $mail->Encoding = PHPMailer::ENCODING_8BIT;
        $mail->AltBody = '';
        $mail->isHTML(false);
        foreach ($wanted as $name => $value) {
            if ($name === 'to') {
                array_map([$mail, 'addAddress'], $value);
            } elseif ($name === 'attachment') {
                $mail->addStringAttachment($value, 'a.bin');
            } elseif ($name === 'html') {
                $mail->isHTML(true);
                $mail->Body = $value;
            } else {
                $mail->$name = $value;
            }
        }
        $mail->send();
        $results[] = ['reply' => $mail->getSMTPInstance()->getLastReply()];
    } catch (Exception $error) {
        $results[] = ['error' => $error->getMessage()];
    }
}
$mail->smtpClose();
print json_encode($results);
