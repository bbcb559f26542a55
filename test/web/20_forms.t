# What is typed: bad values come back beside their message and write nothing; foreign and doubled forms are refused.
use strict;
use warnings;
use utf8;
use lib 'test/web';
use Test::More;
use Web;

my $owner = browser('owner');
my %good = (name => 'Riz de test 5 kg', category => sql('SELECT min(id) FROM shop.category'), price => '12 500', unit_cost => '9000,50',
	unit => 'sac', pack_size => 1, active => 1);

sub products { return sql('SELECT count(*) FROM shop.product') }
my $before = products();

# -- bad values
my @bad = (
	[name => '', 'Il faut remplir'], [name => ' ' x 5, 'Il faut remplir'], [name => 'x' x 201, 'Au plus 200'],
	[name => "a\x07b", 'illisibles'], [category => '', 'Il faut remplir'], [category => '0', 'liste'], [category => '99999', 'liste'],
	[category => '-1', 'liste'], [category => '1e3', 'liste'], [category => '1 OR 1=1', 'liste'], [supplier => 'x', 'liste'],
	[price => '', 'Il faut remplir'], [price => 'abc', 'nombre'], [price => '-5', 'Au moins 0'], [price => '0', 'plus|sup'],
	[price => '1,2345', 'trois'], [price => '1.2.3', 'nombre'], [price => '9999999999999', 'Au plus'], [price => 'NaN', 'nombre'],
	[price => 'Infinity', 'nombre'], [price => '1e5', 'nombre'], [price => '0x10', 'nombre'], [price => "12';--", 'nombre'],
	[pack_size => '0', 'zéro'], [pack_size => '1,5', 'entières'], [threshold => '10', undef, target => '5', 'désiré'],
	[unit => '', 'Il faut remplir'], [barcode => 'x' x 61, 'Au plus 60']);
for my $case (@bad) {
	my @case = @$case;
	my $message = pop @case;
	@case = grep { defined } @case;
	my %typed = @case;
	my $page = $owner->get('/product/new')->submit('/product/new', %good, %typed);
	my ($field, $value) = @case;
	is $page->{status}, 422, "a product with $field \"" . substr($value =~ s/[^ -~]/?/gr, 0, 20) . '" is not taken';
	my ($error) = $page->{body} =~ m{<p class="error" id="[a-z_]+-error">(.*?)</p>};
	$error //= join ' ', $page->{body} =~ m{role="alert">(.*?)</div>};
	like $error // '', qr/$message/, '... and it is said why';
	like $page->{body}, qr/value="Riz de test 5 kg"/, '... and the rest is still there' if $field ne 'name';
}
is products(), $before, 'none of them was stored';

my $page = $owner->get('/product/new')->submit('/product/new', %good, name => '<b>"A&B"</b>\'s', price => 'x');
like $page->{body}, qr/value="&lt;b&gt;&quot;A&amp;B&quot;&lt;\/b&gt;&#39;s"/, 'what was typed comes back as text';
unlike $page->{body}, qr/<b>"A/, '... and never as markup';

# -- good values
$page = $owner->get('/product/new')->submit('/product/new', %good);
is $page->{status}, 303, 'a good product is stored, and the browser sent on';
my ($id) = $page->header('Location') =~ /id=(\d+)/;
is sql("SELECT price || ' ' || unit_cost || ' ' || active || ' ' || divisible FROM shop.product WHERE id = $id"),
	'12500.00 9000.50 true false', 'spaces and a comma in numbers are understood';
like $page->follow->{body}, qr/Enregistré/, 'the next page says so';
like sql("SELECT action || ' ' || user_id FROM shop.web_journal WHERE relation = 'product' AND row_id = '$id'"), qr/^insert \d+$/,
	'the journal says who did it';
my $evil = '"><script>alert(1)</script>\'; DROP TABLE shop.sale; -- {{7*7}} ${7*7} %s%n';
$page = $owner->get("/product/edit?id=$id")->submit("/product/edit?id=$id", name => $evil);
is $page->{status}, 303, 'a name may hold anything';
is sql("SELECT name FROM shop.product WHERE id = $id"), $evil, '... and is kept as it was typed';
for my $address ("/product?id=$id", "/product/edit?id=$id", '/products?q=%3Cscript%3E', "/products?q=$id") {
	$page = $owner->get($address);
	is $page->{status}, 200, "$address is shown";
	unlike $page->{body}, qr/<script|\Q<b>"A\E/, '... and the name is text in it';
}
$page = $owner->get('/products?q=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E');
unlike $page->{body}, qr/<script/, 'what is searched for is text in the page';

# -- a form that is not ours
$before = products();
my @fields = $owner->get('/product/new')->fields('/product/new');
my %form = (@fields, %good, name => 'Not ours');
my $other = browser('cashier');
my %foreign = $other->get('/')->fields('/language');
for my $case (['no token', csrf => undef], ['a made-up token', csrf => '0' x 32], ['a token of somebody else', csrf => $foreign{csrf}]) {
	my ($what, %change) = @$case;
	my %sent = (%form, %change);
	delete $sent{$_} for grep { !defined $sent{$_} } keys %sent;
	is $owner->post('/product/new', %sent)->{status}, 403, "a form with $what is refused";
}
for my $header ([HTTP_SEC_FETCH_SITE => 'cross-site'], [HTTP_SEC_FETCH_SITE => 'same-site'], [HTTP_ORIGIN => 'https://evil.example'],
	[HTTP_ORIGIN => 'null']) {
	local $owner->{headers} = {@$header};
	is $owner->post('/product/new', %form)->{status}, 403, "a form sent with @$header is refused";
}
is $owner->request('POST', '/product/new', 'x', 'text/plain')->{status}, 400, 'a body that is no form is refused';
is $owner->request('POST', '/product/new', Web::Browser::encode(%form) . '&role=owner')->{status}, 400, 'a field that the form does not have is refused';
is $owner->request('POST', '/product/new', Web::Browser::encode(%form) . '&price=1')->{status}, 400, 'a field that is there twice is refused';
is $owner->request('POST', '/product/new', Web::Browser::encode(%form) . '&name=%FF%FE')->{status}, 400, 'what is no UTF-8 is refused';
is $owner->request('POST', '/product/new', Web::Browser::encode(%form) . '&name=a%00b')->{status}, 400, 'a NUL is refused';
is $owner->request('POST', '/product/new', 'x=' . 'y' x 70000)->{status}, 413, 'a form of 70 kB is refused';
is $owner->request('POST', '/product/new', '', undef, CONTENT_LENGTH => '99999999999999999999')->{status}, 413, 'a length beyond any number is refused';
is $owner->request('POST', '/product/new', 'abc', undef, CONTENT_LENGTH => '500')->{status}, 400, 'a form that ends too early is refused';
is products(), $before, 'nothing of these was stored';
{
	local $owner->{headers} = { HTTP_SEC_FETCH_SITE => 'same-origin', HTTP_ORIGIN => 'http://shop.example' };
	is $owner->post('/product/new', %form)->{status}, 303, 'one that comes from here is taken';
}

# -- the same form twice
my $count = products();
my $twice = $owner->post('/product/new', %form);
is $twice->{status}, 303, 'a form sent twice is answered twice';
is products(), $count, '... and counts once';
like $twice->header('Location'), qr{^/product\?done=saved&id=\d+$}, '... the second answer is that of the first';

# -- addresses
for my $address ('/product', '/product?id=', '/product?id=x', '/product?id=99999999', '/product?id=1&id=2', '/product?id=-1',
	'/products?category=x', '/products?state=nonsense', '/nothing', '/../etc/passwd', '/product/') {
	is $owner->get($address)->{status}, 404, "$address is not there";
}
is $owner->get('/products?q=%zz')->{status}, 400, 'an address that cannot be read makes no sense';
is $owner->get('/products?fbclid=abc')->{status}, 200, 'what others add to an address does no harm';
is $owner->get('/products?' . 'q=' . 'x' x 5000)->{status}, 400, 'an endless address is refused';

# -- pages
my (%seen, $rows);
my $address = '/products';
while (defined $address) {
	$page = $owner->get($address);
	my @ids = $page->{body} =~ m{<a href="/product\?id=(\d+)">}g;
	$rows += @ids;
	$seen{$_}++ for @ids;
	($address) = $page->{body} =~ m{<a rel="next" href="([^"]+)"};
	$address =~ s/&amp;/&/g if defined $address;
}
is scalar(keys %seen), sql('SELECT count(*) FROM shop.product WHERE active'), 'page after page the list shows every product';
is $rows, scalar(keys %seen), '... once';

sql(q{DELETE FROM shop.product WHERE name IN ('Not ours', 'Riz de test 5 kg') OR name LIKE '%DROP TABLE%'});
done_testing;
