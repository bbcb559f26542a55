# Settings: the rate of the day, users and their passwords.
use strict;
use warnings;
use utf8;
use lib 'test/web';
use Test::More;
use Web;

my $owner = browser('owner');

# -- rate
my $page = $owner->get('/settings/rate')->submit('/settings/rate', rate => '2 850,5');
is $page->{status}, 303, 'a rate is noted';
is sql(q{SELECT rate::float FROM shop.exchange_rate WHERE currency = 'USD' AND valid_from = (now() AT TIME ZONE 'Africa/Lubumbashi')::date}), '2850.5', '... for today';
like $owner->get('/')->{body}, qr/1 \$ = 2.{1,3}850,5 FC, taux du/, '... and shown with its date from now on';
$owner->get('/settings/rate')->submit('/settings/rate', rate => '2900');
is sql(q{SELECT count(*) FROM shop.exchange_rate WHERE currency = 'USD' AND valid_from = (now() AT TIME ZONE 'Africa/Lubumbashi')::date}), 1, 'a second one of the day replaces it';
is $owner->get('/settings/rate')->submit('/settings/rate', rate => '2900', valid_from => '31/02/2026')->{status}, 422, 'no rate from a day that does not exist';
is $owner->get('/settings/rate')->submit('/settings/rate', rate => '0')->{status}, 422, 'no rate of nothing';

# -- the shop
$owner->get('/settings/shop')->submit('/settings/shop', shop_name => 'Chez <Kavira> & fils', phone => '0997 123 456');
is sql('SELECT shop_name || phone FROM shop.web_setting'), 'Chez <Kavira> & fils+243997123456', 'name and phone of the shop are kept';
like $owner->get('/')->{body}, qr/Chez &lt;Kavira&gt; &amp; fils/, '... and shown as text';
is $owner->get('/settings/shop')->submit('/settings/shop', phone => 'call me')->{status}, 422, 'no phone without digits';
sql(q{UPDATE shop.web_setting SET shop_name = 'Chez Kavira', phone = NULL});

# -- users
my %user = (name => 'Paluku', login => 'Paluku', role => 'cashier', password => 'quatre sacs de riz');
is $owner->get('/settings/user/new')->submit('/settings/user/new', %user)->{status}, 303, 'an owner makes a cashier';
ok browser('paluku', $user{password}), '... who comes in';
is $owner->get('/settings/user/new')->submit('/settings/user/new', %user)->{status}, 422, 'a name is given once';
is $owner->get('/settings/user/new')->submit('/settings/user/new', %user, login => 'p2', password => 'motdepasse')->{status}, 422, 'no password that everybody tries';
is $owner->get('/settings/user/new')->submit('/settings/user/new', %user, login => 'p2', role => 'admin')->{status}, 422, 'no role that does not exist';
my $id = sql(q{SELECT id FROM shop.web_user WHERE login = 'paluku'});
my $paluku = browser('paluku', $user{password});
$owner->get("/settings/user?id=$id")->submit("/settings/user?id=$id", password => 'cinq sacs de riz');
is $paluku->get('/')->{status}, 303, 'who is given a new password is out everywhere';
$paluku = browser('paluku', 'cinq sacs de riz');
$owner->get("/settings/user?id=$id")->submit("/settings/user?id=$id", role => 'owner');
is $paluku->get('/settings')->{status}, 200, 'who is made an owner is one at once';
$owner->get("/settings/user?id=$id")->submit("/settings/user?id=$id", role => 'cashier', active => undef);
is $paluku->get('/')->{status}, 303, 'who may not come in any more is out';
my $own = sql(q{SELECT id FROM shop.web_user WHERE login = 'owner'});
is $owner->get("/settings/user?id=$own")->submit("/settings/user?id=$own", role => 'cashier')->{status}, 422, 'the last owner stays one';
is $owner->get("/settings/user?id=$own")->submit("/settings/user?id=$own", active => undef)->{status}, 422, '... and may come in';
is $owner->get('/settings')->{status}, 200, '... and still is';

# -- one's own password
my $cashier = browser('cashier');
my $elsewhere = browser('cashier');
is $cashier->get('/password')->submit('/password', old => 'wrong', password => 'six sacs de riz')->{status}, 422, 'a new password needs the old one';
is $cashier->get('/password')->submit('/password', old => 'secret of cashier', password => 'short')->{status}, 422, '... and must not be short';
is $cashier->get('/password')->submit('/password', old => 'secret of cashier', password => 'six sacs de riz')->{status}, 303, 'then it is changed';
is $cashier->get('/')->{status}, 200, 'this session goes on';
is $elsewhere->get('/')->{status}, 303, 'those elsewhere end';
ok browser('cashier', 'six sacs de riz'), 'the new one opens';
$cashier->get('/password')->submit('/password', old => 'six sacs de riz', password => 'secret of cashier');

# -- who did what
like $owner->get('/settings/journal')->{body}, qr/Taux du jour [^<]*\x{202F}: (?:ajout|modification)/, 'the journal tells who changed the rate';
unlike $owner->get('/settings/journal')->{body}, qr/argon2/, '... and no hash';
is sql(q{SELECT count(*) FROM shop.web_journal WHERE detail::text LIKE '%argon2%'}), 0, '... nor is one kept in it';

my ($id_of_client) = sql(q{SELECT min(id) FROM shop.client});
sql("SET web.user_id = '$own'; SET timezone = 'Africa/Lubumbashi'; UPDATE shop.client SET name = 'Xx ' || repeat('é', 80), created_at = '2026-02-03 10:20:30+02' WHERE id = $id_of_client; UPDATE shop.exchange_rate SET rate = 2850.5 WHERE valid_from = current_date");
{
	my $journal = $owner->get('/settings/journal')->{body};
	like $journal, qr{Taux du jour \d\d/\d\d/\d{4}\x{202F}: modification}, 'the journal has its dates as people write them';
	like $journal, qr{<b>[^<]*</b> &#8594; <b>03/02/2026\x{A0}10:20</b>}, '... in what was changed as well';
	unlike $journal, qr{<b>\d{4}-\d\d-\d\d}, '... all of them';
	like $journal, qr{Nom <b>[^<]*</b> &#8594; <b>Xx é{28}…</b>}, '... and cuts what goes on and on between two letters';
	local $owner->{language} = 'en';
	like $owner->get('/settings/journal')->{body}, qr{Rate of the day \d\d [A-Z][a-z]+ \d{4}: changed}, '... in each language';
}

# -- languages
my $page_in = sub { my ($language) = @_; my $browser = browser(); $browser->{language} = $language; return $browser->get('/login')->{body} };
like $page_in->('en-GB,fr;q=0.5'), qr/<html lang="en">.*Log in/s, 'English for who asks for it';
like $page_in->('sw'), qr/<html lang="sw">.*Ingia/s, 'Swahili too';
like $page_in->('de,sw;q=0.3,fr;q=0.7'), qr/<html lang="fr">/, 'the one wanted most';
like $page_in->($_), qr/<html lang="fr">/, 'French for who asks for "' . substr($_, 0, 20) . '"' for '', 'de', '*', ';;;,,,q=', 'en;q=0', 'x' x 5000;
my $visitor = browser();
$page = $visitor->get('/login')->submit('/language', language => 'sw');
is $page->header('Location'), '/login', 'the buttons below change it, and stay on the page';
like $visitor->get('/login')->{body}, qr/<html lang="sw">/, '... for good';
for my $back ('//evil.example', 'https://evil.example', '/\\evil.example', "/x\r\nSet-Cookie: a=b", '') {
	my $page = $visitor->get('/login')->submit('/language', language => 'fr', back => $back);
	is $page->{status}, 400, 'not to another site';
	is $page->header('Location'), '', '... in no way';
}

sql(q{DELETE FROM shop.web_user WHERE login = 'paluku'});
done_testing;
