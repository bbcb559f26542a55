# Advice: what to offer a client, whom to call about a product.
use strict;
use warnings;
use utf8;
use lib 'test/web';
use Test::More;
use Web;

my $cashier = browser('cashier');
my $client = sql('SELECT client_id FROM shop.sale WHERE client_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1');
my $product = sql('SELECT product_id FROM reco.recommend(' . $client . q{, 1, 'shop')});
my $client_name = sql("SELECT name FROM shop.client WHERE id = $client");
my $product_name = sql("SELECT name FROM shop.product WHERE id = $product");

my $page = $cashier->get('/recommendations');
is $page->{status}, 200, 'the page of advice opens';
like $page->{body}, qr/Clients récents/, '... with clients of late to begin with';
$page = $cashier->get('/recommendations?' . Web::Browser::encode(who => lc $client_name, what => uc $product_name));
like $page->{body}, qr{href="/recommendations\?client=$client"}, 'a client is found by name';
like $page->{body}, qr{href="/recommendations\?product=$product"}, '... and a product';
like $cashier->get('/recommendations?who=nobody+of+this+name')->{body}, qr/Rien ne correspond/, 'who is not there is not found';

$page = $cashier->get("/recommendations?client=$client");
my ($list) = $page->{body} =~ m{<ol class="rows">(.*?)</ol>}s;
is join(' ', $list =~ /href="\/product\?id=(\d+)"/g), join(' ', split /\n/, sql("SELECT product_id FROM reco.recommend($client, 10, 'shop') ORDER BY rank")),
	'for a client: what recommend() says, in its order';
like $list, qr/d&#39;après/, '... with reasons';
$page = $cashier->get("/recommendations?product=$product");
($list) = $page->{body} =~ m{Qui appeler.*?<ul class="rows">(.*?)</ul>}s;
is join(' ', $list =~ /href="\/client\?id=(\d+)"/g), join(' ', split /\n/, sql("SELECT client_id FROM reco.audience($product, 20, 'shop') ORDER BY rank")),
	'for a product: whom audience() says, in its order';
like $list, qr/href="tel:\+\d+"/, '... with phones to tap';

# -- advice follows what clients say
sql("SELECT shop.sell($client, ARRAY[$product], ARRAY[1])");
unlike $cashier->get("/recommendations?client=$client")->{body}, qr{<li>(?:<img[^>]*>)?<a href="/product\?id=$product"}, 'what was bought a moment ago is not recommended any more';

# -- what is typed into addresses
for my $path ('/recommendations?client=x', '/recommendations?client=99999999', '/recommendations?product=99999999', '/recommendations?product=-1') {
	is $cashier->get($path)->{status}, 404, "$path is not there";
}
is $cashier->get('/recommendations?' . Web::Browser::encode(who => $_, what => $_))->{status}, 200, 'what is looked for is text' for q{%' OR 1=1}, '(', '<script>';
is $cashier->get('/recommendations?' . Web::Browser::encode(who => 'x' x 101))->{status}, 422, 'what is too long is said beside its field';
is browser()->get('/recommendations')->header('Location'), '/login', 'advice is not for everybody';
done_testing;
