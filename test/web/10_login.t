# Coming in and going out: sessions, passwords, throttling, the first owner.
use strict;
use warnings;
use utf8;
use lib 'test/web';
use Test::More;
use Web;

sub cookie_of { my ($page) = @_; return $page->{browser}{cookies}{sid} }

# -- the door
my $stranger = browser();
my $page = $stranger->get('/products');
is $page->{status}, 303, 'whoever is not logged in is sent away';
is $page->header('Location'), '/login', '... to the login';
my $before = cookie_of($page);
like $page->header('Set-Cookie'), qr/^sid=[0-9a-f]{32}; Path=\/; HttpOnly; SameSite=Lax$/, 'the cookie is for this site and no script';
$page = browser()->get('/login', HTTPS => 'on');
like $page->header('Set-Cookie'), qr/^__Host-sid=[0-9a-f]{32}; .*; Secure$/, 'under TLS it says so by its name and is secure';
like $page->header('Strict-Transport-Security'), qr/max-age=31536000/, '... and the browser is told to stay with TLS';
unlike $page->{raw}, qr/sid=/, 'no token in the page';

$page = $stranger->get('/login')->submit('/login', login => 'owner', password => 'wrong');
is $page->{status}, 422, 'a wrong password is answered with the form';
like $page->{body}, qr/Nom d.{1,6}utilisateur ou mot de passe incorrect/, '... which does not say which of the two was wrong';
my $unknown = $stranger->get('/login')->submit('/login', login => 'nobody', password => 'wrong');
is $unknown->{status}, 422, 'so is an unknown name';
like $page->{body}, qr/value="owner"/, 'the name that was typed is still there';
unlike $page->{body}, qr/value="wrong"/, 'the password is not';

$page = $stranger->get('/login')->submit('/login', login => 'OWNER', password => 'secret of owner');
is $page->{status}, 303, 'the right password opens, names in capitals too';
isnt cookie_of($page), $before, 'the cookie is another one after the login';
is $stranger->get('/')->{status}, 200, 'and leads in';
is sql(q{SELECT count(*) FROM shop.web_session WHERE token_hash = decode('} . cookie_of($page) . q{', 'hex')}), 0,
	'the database does not hold the cookie';
is sql(q{SELECT count(*) FROM shop.web_session WHERE token_hash = sha256('} . cookie_of($page) . q{')}), 1, '... but its hash';

$page = $page->{browser}->post('/login', csrf => { $page->{browser}->get('/')->fields('/logout') }->{csrf}, login => 'owner', password => 'secret of owner');
is $page->{status}, 303, 'who is in already may log in again';

# -- the end of a session
my $session = cookie_of($page);
my $owner = $page->{browser};
$page = $owner->get('/')->submit('/logout');
is $page->header('Location'), '/login', 'logging out leads to the login';
$owner->{cookies}{sid} = $session;
is $owner->get('/')->{status}, 303, 'the old cookie is worth nothing after that';

my $cashier = browser('cashier');
sql(q{UPDATE shop.web_session SET seen_at = now() - interval '31 minutes' WHERE user_id = (SELECT id FROM shop.web_user WHERE login = 'cashier')});
is $cashier->get('/')->{status}, 303, 'a cashier who was away for half an hour logs in again';
$owner = browser('owner');
sql(q{UPDATE shop.web_session SET seen_at = now() - interval '7 hours' WHERE user_id = (SELECT id FROM shop.web_user WHERE login = 'owner')});
is $owner->get('/')->{status}, 200, 'an owner may be away for a morning';
sql(q{UPDATE shop.web_session SET created_at = now() - interval '8 days' WHERE user_id = (SELECT id FROM shop.web_user WHERE login = 'owner')});
is $owner->get('/')->{status}, 303, 'no session lives longer than a week';
$cashier = browser('cashier');
sql(q{UPDATE shop.web_user SET active = false WHERE login = 'cashier'});
is $cashier->get('/')->{status}, 303, 'a user who is switched off is out at once';
is browser()->get('/login')->submit('/login', login => 'cashier', password => 'secret of cashier')->{status}, 422, '... and does not come in again';
sql(q{UPDATE shop.web_user SET active = true WHERE login = 'cashier'});

# -- too many attempts
sql('DELETE FROM shop.web_attempt');
my $guesser = browser();
my @waits;
for my $try (1 .. 8) {
	$page = $guesser->get('/login')->submit('/login', login => 'other', password => "guess $try");
	$page->{status} == 422 or die;
	push @waits, sql(q{SELECT shop.web_wait('other')});
	sql(q{UPDATE shop.web_attempt SET last_at = now() - interval '1 hour' WHERE account = 'other'}) if $try < 8;
}
is "@waits[0 .. 2]", '0 0 0', 'a few mistakes cost nothing';
is scalar(grep { $waits[$_ + 3] <= 2 ** $_ && $waits[$_ + 3] >= 2 ** $_ - 2 } 0 .. 4), 5, "then each costs twice the time of the one before: @waits[3 .. 7]";
$page = $guesser->get('/login')->submit('/login', login => 'other', password => 'secret of cashier');
is $page->{status}, 422, 'during that time the right password does not help';
like $page->{body}, qr/Trop d.{1,6}essais/, '... and the page says why';
like $page->{log}, qr/login refused/, '... and the log too';
ok browser('cashier'), 'other accounts are not held up';
sql(q{UPDATE shop.web_attempt SET last_at = now() - interval '1 hour'});
ok browser('other', 'secret of cashier'), 'later the right password opens';
is sql(q{SELECT count(*) FROM shop.web_attempt WHERE account = 'other'}), 0, '... and the mistakes are forgotten';
$page = $guesser->get('/login')->submit('/login', login => "a\r\nlogin ok user=1", password => 'x');
is $page->{log}, '', 'a name with line ends makes no line in the log';

# -- passwords
like sql(q{SELECT password_hash FROM shop.web_user LIMIT 1}), qr/^\$argon2id\$v=19\$m=47104,t=1,p=1\$/, 'passwords are kept by argon2id with 46 MiB';
isnt sql(q{SELECT password_hash FROM shop.web_user WHERE login = 'owner'}), `echo 'secret of owner' | @{[Web::CGI]} hash`, '... each with a salt of its own';

# -- the first owner
sql('DELETE FROM shop.web_attempt');
my $code = sql(q{SELECT reco.web_setup_code()});
like $code, qr/^([0-9a-f]{4}-){3}[0-9a-f]{4}$/, 'a setup code is sixteen digits in four groups';
my %new = (code => '0000-0000-0000-0000', name => 'Masika', login => 'masika', password => 'trois poules noires');
$page = browser()->get('/setup')->submit('/setup', %new);
is $page->{status}, 422, 'a wrong code makes nobody an owner';
is sql(q{SELECT count(*) FROM shop.web_user WHERE login = 'masika'}), 0, '... and writes nothing';
for my $bad (['12345678', 'a common one'], ['MotDePasse', 'a common one in capitals'], ['0997 123 456', 'a phone number'], ['abababababab', 'two letters again and again'], ['masika12', 'the name with something behind'],
	['Dragon2026!', 'a word that everybody takes, with something behind'], ['**mazembe', '... or before'], ['Kavira2026', 'the name of the shop with a year'], ['Butembo-243', 'the town'], ['kurz', 'a short one']) {
	$page = browser()->get('/setup')->submit('/setup', %new, code => $code, password => $bad->[0]);
	is $page->{status}, 422, "no password that is $bad->[1]";
}
$page = browser()->get('/setup')->submit('/setup', %new, code => uc $code, login => 'owner');
is $page->{status}, 422, 'no name that is taken';
$new{password} = 'éàçè' x 50;
$page = browser()->get('/setup')->submit('/setup', %new, code => uc $code =~ s/-/ /gr);
is $page->{status}, 303, 'the code opens, however it is typed, and a password may be long and have accents';
is $page->{browser}->get('/product/new')->{status}, 200, 'its bearer is an owner';
ok browser('masika', 'éàçè' x 50), '... and comes in again by that password';
is browser()->get('/login')->submit('/login', login => 'masika', password => 'éàçè' x 49)->{status}, 422, '... but not by a part of it';
$page = browser()->get('/setup')->submit('/setup', %new, login => 'again', code => $code);
is $page->{status}, 422, 'a code is good once';
sql(q{DELETE FROM shop.web_user WHERE login = 'masika'});
sql('DELETE FROM shop.web_attempt');

done_testing;
