# For each mail named on the command line, prints its SpamAssassin score by local tests, the rules that it hit, and
# what Mail::DKIM says of its signature. RECORD holds the public key's TXT record; SA_ROOT the unpacked packages.
use strict;
use warnings;
use Mail::DKIM::Verifier;
use Mail::SpamAssassin;
use Net::DNS;

no warnings 'redefine';
*Mail::DKIM::DNS::query = sub {
    my ($name, $type) = @_;
    my $record = Net::DNS::RR->new(owner => $name, type => 'TXT', txtdata => $ENV{RECORD});
    return ($record);
};
my $root = $ENV{SA_ROOT};
my $judge = Mail::SpamAssassin->new({
    local_tests_only => 1, dont_copy_prefs => 1, rules_filename => "$root/usr/share/spamassassin",
    site_rules_filename => "$root/etc/spamassassin", userprefs_filename => '/dev/null', require_rules => 1,
});
for my $file (@ARGV) {
    open(my $handle, '<:raw', $file) or die "$file: $!";
    my $raw = do { local $/; <$handle> };
    (my $sent = $raw) =~ s/\r?\n/\r\n/g;    # a Maildir holds bare line feeds
    my $verifier = Mail::DKIM::Verifier->new();
    $verifier->PRINT($sent);
    $verifier->CLOSE();
    my $mail = $judge->parse($raw);
    my $status = $judge->check($mail);
    printf "%s %s %s\n", $status->get_score(), $verifier->result(), $status->get_names_of_tests_hit() || '-';
    $status->finish();
    $mail->finish();
}
