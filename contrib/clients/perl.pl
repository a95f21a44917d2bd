# Perl, with what it brings along.
use utf8;
use Encode qw(encode);
use Net::SMTP;

my $smtp = Net::SMTP->new('localhost', Port => 587) or die "no smtp2sms\n";
$smtp->auth('USER', 'PASSWORD') or die $smtp->message;
$smtp->mail('monitor@example.org');
$smtp->to('+4915112345678@sms.example.org') or die $smtp->message;
$smtp->data(encode('UTF-8', "\nGröße von /var: 95 %\n")) or die $smtp->message;
$smtp->quit;
