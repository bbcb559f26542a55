# Clients: the list, one client with stars and advice that follow, and the form.
use strict;
use warnings;
use utf8;
use lib 'test/web';
use Test::More;
use Web;

my $cashier = browser('cashier');
my $id = sql('SELECT s.client_id FROM shop.sale s JOIN shop.sale_line l ON l.sale_id = s.id WHERE s.client_id IS NOT NULL'
	. ' GROUP BY 1 ORDER BY count(DISTINCT l.product_id) DESC LIMIT 1');
my $name = sql("SELECT name FROM shop.client WHERE id = $id");

# -- the list
my (%seen, $rows);
my $address = '/clients';
while (defined $address) {
	my $page = $cashier->get($address);
	is $page->{status}, 200, "$address is shown" unless $rows;
	my @ids = $page->{body} =~ m{<td><a href="/client\?id=(\d+)">}g;
	$rows += @ids;
	$seen{$_}++ for @ids;
	($address) = $page->{body} =~ m{<a rel="next" href="([^"]+)"};
	$address =~ s/&amp;/&/g if defined $address;
}
is scalar(keys %seen), sql('SELECT count(*) FROM shop.client'), 'page after page the list shows every client';
is $rows, scalar(keys %seen), '... once';
sql("UPDATE shop.client SET phone = '+243997000456' WHERE id = $id");
for my $q (uc $name, '0997 000 456', '997000456') {
	like $cashier->get('/clients?' . Web::Browser::encode(q => $q))->{body}, qr{href="/client\?id=$id"}, "the client is found by $q";
}
like $cashier->get('/clients?q=nobody+of+this+name')->{body}, qr/Aucun client/, 'who is not there is not found';
is $cashier->get('/clients?' . Web::Browser::encode(q => $_))->{status}, 200, 'what is looked for is text' for '%', q{' OR 1=1 --}, '(((', '12345\\', '<script>';
unlike $cashier->get('/clients?q=%3Cscript%3E')->{body}, qr/<script/, '... in the page too';

# -- one client
my $page = $cashier->get("/client?id=$id");
is $page->{status}, 200, 'a client has a page';
like $page->{body}, qr/<h1>\Q$name\E<\/h1>/, '... by name';
like $page->{body}, qr{href="tel:\+243997000456"}, '... with a phone to tap';
my ($list) = $page->{body} =~ m{<ol class="rows">(.*?)</ol>}s;
my @shown = $list =~ /href="\/product\?id=(\d+)"/g;
my @wanted = split /\n/, sql("SELECT product_id FROM reco.recommend($id, 10, 'shop') ORDER BY rank");
is "@shown", "@wanted", '... with what recommend() says, in its order';
my $why = sql("SELECT replace(replace(replace(p.name, '&', '&amp;'), '<', '&lt;'), '>', '&gt;') FROM reco.explain($id, $wanted[0], 1, 'shop') e JOIN shop.product p ON p.id = e.product_id");
like $list, qr/d&#39;après\x{202F}: \Q$why\E/, '... and why, as explain() says';
like $list, qr{href="/sell\?client=$id&amp;add=$shown[0]"}, '... and a way to sell it';
my @similar = split /\n/, sql("SELECT client_id FROM reco.similar_clients($id, 5, 'shop') ORDER BY rank");
my ($clients) = $page->{body} =~ m{Clients semblables</h2>(.*?)</ul>}s;
is join(' ', $clients =~ /href="\/client\?id=(\d+)"/g), "@similar", '... and clients who are alike';
like $page->{body}, qr{href="/client/link\?id=$id"}, '... and a personal link to give';
my $sale = sql("SELECT id FROM shop.sale WHERE client_id = $id ORDER BY sold_at DESC, id DESC LIMIT 1");
like $page->{body}, qr{href="/sale\?id=$sale"}, '... and the last purchases';
my $stranger = $cashier->get('/client/new')->submit('/client/new', name => 'Nobody Yet')->follow;
like $stranger->{body}, qr/encore peu connu/, 'of a new client it is said that little is known';
like $stranger->{body}, qr{<ol class="rows"><li>}, '... and what sells well is shown';

# -- stars
my ($product) = $page->{body} =~ /name="product" value="(\d+)"/;
my %form = $page->fields("/client?id=$id");
my $rated = $cashier->post("/client?id=$id", csrf => $form{csrf}, product => $product, stars => 4);
is $rated->header('Location'), "/client?done=rated&id=$id", 'a tap gives stars';
is sql("SELECT stars FROM shop.rating WHERE client_id = $id AND product_id = $product"), 4, '... which are noted';
like $rated->follow->{body}, qr/étoiles sont notées/, '... and it is said';
$cashier->post("/client?id=$id", csrf => $form{csrf}, product => $product, stars => 1);
is sql("SELECT stars FROM shop.rating WHERE client_id = $id AND product_id = $product"), 1, 'another tap changes them';
my $ratings = sql('SELECT count(*), sum(stars) FROM shop.rating');
for my $bad ([stars => 0], [stars => 6], [stars => ''], [stars => '1.5'], [product => 'x'], [product => '']) {
	my %sent = (csrf => $form{csrf}, product => $product, stars => 3, @$bad);
	like $cashier->post("/client?id=$id", %sent)->{status}, qr/^4/, "no stars with @$bad";
}
is $cashier->post("/client?id=$id", csrf => $form{csrf}, product => 99999999, stars => 3)->{status}, 404, 'no stars for what is not there';
is $cashier->post('/client?id=99999999', csrf => $form{csrf}, product => $product, stars => 3)->{status}, 404, '... nor from nobody';
is $cashier->post("/client?id=$id", product => $product, stars => 3)->{status}, 403, '... nor by a form of another site';
is sql('SELECT count(*), sum(stars) FROM shop.rating'), $ratings, '... which changed nothing';

# -- the form
my $count = sql('SELECT count(*) FROM shop.client');
for my $case ([name => '', 'Il faut remplir'], [name => 'x' x 201, 'Au plus 200'], [phone => 'abc', 'téléphone'], [phone => '12', 'téléphone'],
	[address => 'x' x 201, 'Au plus 200'], [name => "a\x07b", 'illisibles']) {
	my ($field, $value, $message) = @$case;
	$page = $cashier->get('/client/new')->submit('/client/new', name => 'Kahindo', phone => '0997 123 456', address => 'Furu', $field => $value);
	is $page->{status}, 422, "a client with $field \"" . substr($value =~ s/[^ -~]/?/gr, 0, 12) . '" is not taken';
	like $page->{body}, qr/<p class="error" id="$field-error">[^<]*$message/, '... and it is said why beside it';
	like $page->{body}, $field eq 'address' ? qr/value="0997 123 456"/ : qr/value="Furu"/, '... and the rest is still there';
}
is sql('SELECT count(*) FROM shop.client'), $count, '... and nobody was stored';
my $new = $cashier->get('/client/new');
my $saved = $new->submit('/client/new', name => '<i>Masika</i> & fils', phone => '0997 123 456', address => '');
is $saved->{status}, 303, 'a client is stored';
my ($masika) = $saved->header('Location') =~ /id=(\d+)/;
is sql("SELECT name || ' ' || phone || ' ' || (address IS NULL) FROM shop.client WHERE id = $masika"), '<i>Masika</i> & fils +243997123456 true',
	'... as typed, the phone with its country';
like $saved->follow->{body}, qr/<h1>&lt;i&gt;Masika&lt;\/i&gt; &amp; fils<\/h1>/, '... and shown as text';
is $new->submit('/client/new', name => 'Masika again')->header('Location'), $saved->header('Location'), 'a form sent twice makes one client';
$page = $cashier->get("/client/edit?id=$masika")->submit("/client/edit?id=$masika", address => 'Avenue Bukavu');
is sql("SELECT address || ' ' || phone FROM shop.client WHERE id = $masika"), 'Avenue Bukavu +243997123456', 'a client can be changed';
like sql("SELECT detail FROM shop.web_journal WHERE relation = 'client' AND row_id = '$masika' ORDER BY id DESC LIMIT 1"), qr/Avenue Bukavu/,
	'... and the journal says what';
for my $path ('/client', '/client?id=x', '/client?id=99999999', '/client/edit?id=99999999', '/client?id=1&id=2') {
	is $cashier->get($path)->{status}, 404, "$path is not there";
}
is browser()->get("/client?id=$id")->header('Location'), '/login', 'clients are not for everybody to see';
sql("DELETE FROM shop.client WHERE id = $masika OR name = 'Nobody Yet'");
done_testing;
