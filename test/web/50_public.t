# The page of a client: a link that is shown once, recommendations that follow the stars, nothing of others.
use strict;
use warnings;
use utf8;
use lib 'test/web';
use Test::More;
use Web;

my $id = sql('SELECT s.client_id FROM shop.sale s JOIN shop.sale_line l ON l.sale_id = s.id WHERE s.client_id IS NOT NULL GROUP BY 1 ORDER BY count(DISTINCT l.product_id) DESC LIMIT 1');
my $name = sql("SELECT name FROM shop.client WHERE id = $id");

my $cashier = browser('cashier');
my $page = $cashier->get("/client/link?id=$id")->submit("/client/link?id=$id");
is $page->{status}, 200, 'a cashier makes a link for a client';
my ($link) = $page->{body} =~ m{http://shop\.example(/c\?k=[0-9a-f]{32})};
ok defined $link, '... and sees it';
unlike $cashier->get("/client/link?id=$id")->{body}, qr/k=[0-9a-f]{32}/, '... this once';
my ($secret) = $link =~ /([0-9a-f]{32})/;
is sql(qq{SELECT token_hash = sha256('$secret') FROM shop.web_link WHERE client_id = $id}), 't', 'the database keeps its hash alone';

my $phone = browser();
is $phone->get('/me')->{status}, 404, 'without the link there is no page';
$page = $phone->get($link);
is $page->{status} . ' ' . $page->header('Location'), '303 /me', 'the link leads to the page, out of the address';
like join(' ', @{ $page->{headers}{'set-cookie'} }), qr/link=$secret; Path=\/; HttpOnly/, '... and stays in a cookie';
is $page->header('Referrer-Policy'), 'same-origin', '... and is told to no other site';
$page = $page->follow;
is $page->{status}, 200, 'the page is there';
like $page->{body}, qr/<h1>Pour \Q$name\E<\/h1>/, '... for the client by name';
unlike $page->{body}, qr/<nav|Produits<\/a>/, '... without the menu of the shop';
my @shown = $page->{body} =~ /name="product" value="(\d+)"/g;
my @wanted = split /\n/, sql("SELECT product_id FROM reco.recommend($id, 10, 'shop') ORDER BY rank");
is "@shown[0 .. $#wanted]", "@wanted", 'it shows what recommend() says, in that order';
like $page->{body}, qr/À découvrir/, 'and things to discover';
like $page->{body}, qr/parce que vous avez acheté/, 'and says why';
unlike $page->{body}, qr/Marge|unit_cost/, 'and no cost';

# -- stars
my ($csrf) = $page->{body} =~ /name="csrf" value="([0-9a-f]{32})"/;
is $phone->post('/me/rate', csrf => $csrf, product => $shown[0], stars => 5)->header('Location'), '/me?done=saved', 'a tap gives five stars';
is sql("SELECT stars FROM shop.rating WHERE client_id = $id AND product_id = $shown[0]"), 5, '... which are noted';
$phone->post('/me/rate', csrf => $csrf, product => $shown[0], stars => 2);
is sql("SELECT stars FROM shop.rating WHERE client_id = $id AND product_id = $shown[0]"), 2, 'a new opinion replaces the old one';
my $count = sql('SELECT count(*) FROM shop.rating');
for my $bad ([stars => 0], [stars => 6], [stars => '5 '], [stars => ''], [product => 'x'], [product => '']) {
	my $status = $phone->post('/me/rate', csrf => $csrf, product => $shown[1], stars => 3, @$bad)->{status};
	like $status, qr/^400$/, "no stars with @$bad";
}
is $phone->post('/me/rate', csrf => $csrf, product => 999999, stars => 3)->{status}, 404, 'nor for what does not exist';
is $phone->post('/me/rate', product => $shown[1], stars => 3)->{status}, 403, 'nor by a form of another site';
is $phone->post('/me/rate', csrf => $csrf, product => $shown[1], stars => 3, client => 1)->{status}, 400, 'nor in the name of another client';
is sql('SELECT count(*) FROM shop.rating'), $count, 'nothing of these was noted';

# -- what the bearer of a link may not
for my $path ('/', '/products', '/product?id=1', "/client/link?id=$id", '/settings', '/password') {
	is $phone->get($path)->header('Location'), '/login', "a client does not get to $path";
}

# -- the end of a link
$cashier->get("/client/link?id=$id")->submit("/client/link?id=$id");
is $phone->get('/me')->{status}, 404, 'a new link ends the old one';
is browser()->get($link)->{status}, 404, '... for good';
is browser()->get('/c?k=' . '0' x 32)->{status}, 404, 'a made-up link leads nowhere';

done_testing;
