<?php
// An SMS with PHPMailer.
// Copy into your program; composer require phpmailer/phpmailer
// Use: php phpmailer.php
use PHPMailer\PHPMailer\PHPMailer;

require 'vendor/autoload.php';

$mail = new PHPMailer(true);
$mail->isSMTP();
$mail->Host = 'localhost';
$mail->Port = 587;
$mail->SMTPAutoTLS = false;	// this host's certificate has another name
$mail->SMTPAuth = true;
$mail->Username = 'USER';
$mail->Password = 'PASSWORD';
$mail->CharSet = PHPMailer::CHARSET_UTF8;
$mail->setFrom('monitor@example.org');
$mail->addAddress('+4915112345678@sms.example.org');
$mail->Body = 'Größe von /var: 95 %';
$mail->send();
