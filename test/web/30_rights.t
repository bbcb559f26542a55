# Who may do what: each page by each role, the rights of the roles in the database, the headers of all answers.
use strict;
use warnings;
use utf8;
use lib 'test/web';
use Test::More;
use Web;

my %pages = map { $_->{path} => $_ } pages();
ok keys %pages > 20, 'the table of pages is read';

my %query = ('/picture' => '?hash=' . '0' x 64, '/c' => '?k=' . '0' x 32, '/settings/import/check' => '?id=1');
my %anyway = map { $_ => 1 } qw(/picture /c /me /me/rate /settings/import/check);   # 404 where there is nothing of that name
my %users = (NONE => browser(), CASHIER => browser('cashier'), OWNER => browser('owner'));
my %rank = (NONE => 0, CLIENT => 1, CASHIER => 2, OWNER => 3);
my $policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'";

my $foreign = { $users{CASHIER}->get('/password')->fields('/password') }->{csrf};

sub address_of { my ($path) = @_; return exists $query{$path} ? $path . $query{$path} : address($users{OWNER}, $path) }

for my $path (sort keys %pages) {
	my ($role, $show, $act) = @{ $pages{$path} }{qw(role show act)};
	my $address = address_of($path);
	for my $user (sort keys %users) {
		my $page = $users{$user}->get($address);
		my $may = $rank{$user} >= $rank{$role};
		my $want = !$show ? 405 : $may ? 200 : $role eq 'CLIENT' ? 404 : $user eq 'NONE' ? 303 : 403;
		if ($want == 200 && $anyway{$path}) {
			like $page->{status}, qr/^(200|404)$/, "$user GET $path";
		} else {
			is $page->{status}, $want, "$user GET $path" unless $path eq '/login' && $user ne 'NONE';
		}
		is $page->header('Content-Security-Policy'), $page->header('Content-Type') =~ /html|css/ ? $policy : "default-src 'none'; frame-ancestors 'none'; sandbox",
			'... with the policy';
		is $page->header('X-Content-Type-Options') . $page->header('Referrer-Policy'), 'nosniffsame-origin', '... and the other headers';
		like $page->header('Content-Type'), qr/^(text\/(html|css|csv|plain); charset=utf-8|image\/jpeg)$/, '... and a type with its charset';
		like $page->header('Cache-Control'), $path =~ /style|picture/ ? qr/./ : qr/^no-store$/, '... and is not kept' if $page->{status} == 200;
		is length($page->{raw}), $page->header('Content-Length'), '... and its length';
		next if !$show || $user ne 'OWNER';
		my $head = $users{$user}->request('HEAD', $address);
		is "$head->{status} $head->{raw}", "$page->{status} ", '... HEAD answers without a body';
	}
	my $posted = $users{OWNER}->post($address);
	is $posted->{status}, $act ? 403 : 405, "POST $path without a token";
	is $users{OWNER}->post($address, csrf => $foreign, once => '0' x 32)->{status}, 403, '... or with the token of somebody else' if $act;
	for my $method (qw(PUT DELETE TRACE OPTIONS PATCH)) {
		is $users{OWNER}->request($method, $address)->{status}, 405, "$method $path is not allowed" if $path =~ m{^/(products|login)$};
	}
}

# -- costs are the owner's
my $cost = sql(q{SELECT unit_cost FROM shop.product WHERE id = 1});
sql(q{UPDATE shop.product SET unit_cost = 7654 WHERE id = 1});
like $users{OWNER}->get('/product?id=1')->{body}, qr/\b7[^0-9a-z]{1,3}654\b/, 'the owner sees what a product costs';
for my $path ('/', '/products', '/product?id=1') {
	unlike $users{CASHIER}->get($path)->{body}, qr/\b7[^0-9a-z]{0,3}654\b/, "a cashier does not, $path";
	unlike $users{CASHIER}->get($path)->{body}, qr/Marge|Co.t|co.t d/, "... nor the words for it, $path";
}
sql(qq{UPDATE shop.product SET unit_cost = $cost WHERE id = 1});

# -- the roles in the database
sub refused {
	my ($role, $statement, $what) = @_;
	my $code = system "psql -X -q -d reco_web -v ON_ERROR_STOP=1 -c 'SET ROLE $role' -c \"SET search_path = shop\" -c \"$statement\" >/dev/null 2>&1";
	isnt $code, 0, $what;
}
sub allowed {
	my ($role, $statement, $what) = @_;
	my $code = system "psql -X -q -d reco_web -v ON_ERROR_STOP=1 -c 'SET ROLE $role' -c \"SET search_path = shop\" -c \"BEGIN; $statement; ROLLBACK\" >/dev/null 2>&1";
	is $code, 0, $what;
}
for my $table (split /\n/, sql(q{SELECT relname FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind IN ('r', 'v')})) {
	refused('shop_web', "SELECT 1 FROM $table", "the role that logs in cannot read $table");
	refused('shop_web', "DELETE FROM $table", '... nor empty it');
	refused('shop_cashier', "DELETE FROM $table", 'a cashier cannot empty it');
	refused('shop_cashier', "TRUNCATE $table", '... by TRUNCATE neither');
	refused('shop_owner', "DELETE FROM $table", 'an owner neither') unless $table =~ /^(product_image|purchase_order.*)$/;
}
refused('shop_cashier', 'SELECT unit_cost FROM product', 'a cashier cannot read costs');
refused('shop_cashier', 'SELECT unit_cost FROM sale_line', '... nor those in sales');
refused('shop_cashier', 'UPDATE product SET price = 1', '... nor change prices');
refused('shop_cashier', 'SELECT login FROM web_user', '... nor read logins');
refused('shop_cashier', "SELECT web_save_user(NULL, 'x', 'x', 'owner', true, '\\\$argon2id\\\$')", '... nor make users');
refused('shop_owner', 'SELECT password_hash FROM web_user', 'an owner cannot read hashes of passwords');
refused('shop_owner', 'SELECT * FROM web_session', '... nor sessions');
refused('shop_owner', "SELECT web_login_done(1, sha256('x'), NULL)", '... nor open one');
refused('shop_owner', "INSERT INTO stock_move (product_id, quantity, kind) VALUES (1, 5, 'receipt')", '... nor write the ledger but by its functions');
refused('shop_owner', 'UPDATE stock_level SET on_hand = 1000', '... nor levels');
refused('shop_owner', 'UPDATE web_journal SET user_id = 1', '... nor the journal');
allowed('shop_cashier', 'SELECT id, price FROM product; SELECT * FROM sale; SELECT * FROM stock_level', 'a cashier reads what selling needs');
allowed('shop_cashier', "SELECT * FROM reco.recommend(1, 10, 'shop'); SELECT * FROM reco.audience(1, 5, 'shop')", '... and recommendations');
allowed('shop_cashier', 'SELECT sell(NULL, ARRAY[(SELECT product_id FROM stock_level WHERE on_hand > 5 LIMIT 1)], ARRAY[1])', '... and sells');
refused('postgres', 'DELETE FROM web_journal', 'not even the shop itself deletes from the journal');
is sql(q{SELECT count(*) FROM pg_proc WHERE pronamespace = 'shop'::regnamespace AND proacl IS NULL AND prosecdef}), 0,
	'no function that runs as the owner is open to all';

# -- the shop next door
sql(q{SELECT reco.create_shop('voisin'); SELECT reco.create_web_roles('voisin');
	INSERT INTO voisin.category (name) VALUES ('Secrets du voisin');
	INSERT INTO voisin.web_user (login, name, role, password_hash) SELECT 'voisine', 'Voisine', 'owner', password_hash FROM shop.web_user WHERE login = 'owner'});
for my $role ('shop_web', 'shop_cashier', 'shop_owner') {
	refused($role, 'SELECT name FROM voisin.category', "$role reads nothing of the shop next door");
	refused($role, "SELECT * FROM voisin.web_login('voisine')", '... and opens no session there');
	is sql("SELECT pg_has_role('$role', 'voisin_owner', 'MEMBER') OR pg_has_role('$role', 'voisin_web', 'MEMBER')"), 'f', '... nor becomes anybody there';
}
my %next_door = (RECO_SCHEMA => 'voisin', RECO_DSN => Web::DSN =~ s/shop_web/voisin_web/r);
is $users{OWNER}->get('/products', %next_door)->{status}, 303, 'a session of one shop is none in the other';
is $users{OWNER}->get('/products', RECO_SCHEMA => 'voisin')->{status}, 500, '... and the program of one shop cannot serve the other';
my $voisine = browser();
my %door = ($voisine->get('/login', %next_door)->fields('/login'), login => 'voisine', password => 'secret of owner');
is $voisine->request('POST', '/login', Web::Browser::encode(%door), undef, %next_door)->{status}, 303,
	'an owner next door logs in there';
like $voisine->get('/products', %next_door)->{body}, qr/Secrets du voisin/, '... and sees what is there';
is $voisine->get('/product?id=1', %next_door)->{status}, 404, '... but no product of this shop';
is $voisine->get('/products')->{status}, 303, '... whose door stays closed';
sql(q{DROP SCHEMA voisin CASCADE; DROP ROLE voisin_web, voisin_cashier, voisin_owner; SELECT reco.drop_model('voisin')});

# -- a GET changes nothing
my $state = sub { sql(q{SELECT (SELECT count(*) FROM shop.web_journal) || ' ' || (SELECT count(*) FROM shop.rating) || ' ' || (SELECT count(*) FROM shop.sale)}) };
my $before = $state->();
$users{OWNER}->get(address_of($_)) for sort keys %pages;
is $state->(), $before, 'to look at every page changes nothing';

done_testing;
