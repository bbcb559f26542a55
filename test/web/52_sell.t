# The till: a sale in few taps, a basket that survives them, one sale for two taps, and what is refused.
use strict;
use warnings;
use utf8;
use POSIX ();
use lib 'test/web';
use Test::More;
use Web;

my $cashier = browser('cashier');
sub stock { return sql("SELECT trim_scale(on_hand - reserved) FROM shop.stock_level WHERE product_id = $_[0]") }
sub sales { return sql('SELECT count(*) FROM shop.sale') }
sub price { return sql("SELECT price FROM shop.product WHERE id = $_[0]") }

my ($first, $second, $third) = split /\n/, sql(
	'SELECT p.id FROM shop.product p JOIN shop.stock_level l ON l.product_id = p.id'
	. ' WHERE NOT p.divisible AND p.active AND NOT p.allow_backorder AND l.on_hand - l.reserved > 20 ORDER BY p.id LIMIT 3');
my $rice = sql('SELECT p.id FROM shop.product p JOIN shop.stock_level l ON l.product_id = p.id WHERE p.divisible AND l.on_hand > 20 LIMIT 1');
my $client = sql('SELECT max(id) FROM shop.client');
my $client_name = sql("SELECT name FROM shop.client WHERE id = $client");

# Presses the button that sells, which carries the token.
sub sell {
	my ($page, %typed) = @_;
	my ($csrf) = $page->{body} =~ m{<button type="submit" name="csrf" value="([0-9a-f]{32})" formmethod="post">} or die "nothing to sell on $page->{address}";
	return $page->submit('/sell', csrf => $csrf, %typed);
}

# -- three taps
my $page = $cashier->get('/sell');
is $page->{status}, 200, 'the till opens';
my @best = $page->{body} =~ /name="add" value="(\d+)"/g;
is scalar(@best), 12, '... with what sells most to tap';
my ($left, $count) = (stock($best[0]), sales());
$page = $cashier->get("/sell?add=$best[0]");
like $page->{body}, qr/name="quantity$best[0]"[^>]* value="1"/, 'a tap puts a product into the basket';
my $sold = sell($page);
is $sold->{status}, 303, 'a second tap sells it';
my $receipt = $sold->follow;
is $receipt->{status}, 200, '... and the receipt is there';
like $receipt->{body}, qr/<h1>Reçu n°\s\d+/, '... with its number';
is stock($best[0]), $left - 1, '... and the stock has one less';
is sales(), $count + 1, '... and there is one sale more';
my ($id) = $sold->header('Location') =~ /id=(\d+)/;
is sql("SELECT user_id FROM shop.web_journal WHERE relation = 'sale' AND row_id = '$id'"), sql(q{SELECT id FROM shop.web_user WHERE login = 'cashier'}),
	'... and the journal says who sold it';

# -- the basket lives in the address
$page = $cashier->get("/sell?quantity$first=2&add=$second&client=$client");
like $page->{body}, qr/name="quantity$first"[^>]* value="2".*name="quantity$second"[^>]* value="1"/s, 'another tap keeps what is there';
like $page->{body}, qr/name="client" value="$client" checked> Client\x{202F}: \Q$client_name\E/, '... and the client';
unlike $page->{body}, qr/name="add" value="($first|$second)"/, '... and offers what is not in the basket yet';
$page = $cashier->get("/sell?quantity$first=2&add=$first");
like $page->{body}, qr/name="quantity$first"[^>]* value="3"/, 'the same product again is one more of it';
$page = $cashier->get("/sell?quantity$first=2&quantity$second=1&drop=$first");
unlike $page->{body}, qr/name="quantity$first"/, 'a line can be taken out';
unlike $cashier->get("/sell?quantity$first=0")->{body}, qr/name="quantity/, '... by a quantity of nothing too';
my $total = sql("SELECT trim_scale(3 * price) FROM shop.product WHERE id = $first");
$page = $cashier->get("/sell?quantity$first=3");
my %form = $page->fields('/sell');
is $form{total}, $total, 'the total is that of the basket';

# -- looking for products and clients
my $name = sql("SELECT name FROM shop.product WHERE id = $third");
$page = $cashier->get('/sell?q=' . Web::Browser::encode('', lc $name) =~ s/^=//r);
like $page->{body}, qr/name="add" value="$third"/, 'a product is found by its name in small letters';
sql("UPDATE shop.product SET barcode = '6001234567890' WHERE id = $third");
$page = $cashier->get('/sell?q=6001234567890');
like $page->{body}, qr/name="quantity$third"[^>]* value="1"/, 'a scanned barcode goes right into the basket';
like $page->{body}, qr/id="q"[^>]* value="" autofocus/, '... and the field waits for the next one';
like $cashier->get('/sell?q=nothing+like+it')->{body}, qr/Aucun produit/, 'what does not exist is said so';
sql(qq{UPDATE shop.client SET phone = '+243997000123' WHERE id = $client});
for my $who ('0997 000 123', '97000123', $client_name) {
	$page = $cashier->get("/sell?quantity$first=1&" . Web::Browser::encode(who => $who));
	like $page->{body}, qr/name="pick" value="$client"/, "a client is found by $who";
}
like $cashier->get("/sell?quantity$first=1&client=$client")->{body}, qr/À conseiller à ce client/, 'with a client comes advice';

# -- one sale for two taps
$page = $cashier->get("/sell?quantity$first=2&client=$client");
($left, $count) = (stock($first), sales());
$sold = sell($page);
my $again = sell($page);
is $again->header('Location'), $sold->header('Location'), 'two taps lead to the same receipt';
is sales(), $count + 1, '... of one sale';
is stock($first), $left - 2, '... that left the stock once';
is sql('SELECT client_id FROM shop.sale ORDER BY id DESC LIMIT 1'), $client, '... to the client';

# -- six tills and three pieces
my $few = sql("SELECT p.id FROM shop.product p JOIN shop.stock_level l ON l.product_id = p.id WHERE NOT p.divisible AND p.active AND NOT p.allow_backorder"
	. " AND l.on_hand - l.reserved > 5 AND p.id NOT IN ($first, $second, $third) ORDER BY p.id LIMIT 1");
sql("SELECT shop.sell(NULL, ARRAY[$few], ARRAY[" . (stock($few) - 3) . '])');
my @pages = map { $cashier->get("/sell?add=$few") } 1 .. 6;
my @tills = map { my $at = $_; fork // die or do { my $answer = sell($at); POSIX::_exit($answer->{status} == 303 ? 0 : $answer->{status} == 422 ? 1 : 2) } } @pages;
my @ended = map { waitpid $_, 0; $? >> 8 } @tills;
is join(' ', sort @ended), '0 0 0 1 1 1', 'of six tills that sell the last three pieces three are told that there is none left';
is stock($few), 0, '... and the stock is at nothing, not below';

# -- a client who is new
$page = $cashier->get("/sell?quantity$first=2&quantity$rice=1,5&who=nobody+of+this+name");
my ($new) = $page->{body} =~ m{href="(/client/new\?back=[^"]*)"};
$page = $cashier->get($new)->submit($new, name => 'Client at the till');
my ($made) = $page->header('Location') =~ /client=(\d+)$/;
like $page->follow->{body}, qr/name="quantity$first"[^>]* value="2".*name="quantity$rice"[^>]* value="1.5".*name="client" value="$made" checked/s,
	'a new client can be made in the middle of a sale, which goes on';
is $cashier->get('/client/new?back=https%3A%2F%2Fevil.example')->{status}, 404, '... and never on another site';
sql("DELETE FROM shop.client WHERE id = $made");

# -- what is refused, and comes back as it was typed
sub refused {
	my ($what, $page, $message, %typed) = @_;
	my $before = sales() . ' ' . sql('SELECT count(*) FROM shop.stock_move');
	my $answer = sell($page, %typed);
	is $answer->{status}, 422, "$what is refused";
	like $answer->{body}, $message, '... and it is said why';
	is sales() . ' ' . sql('SELECT count(*) FROM shop.stock_move'), $before, '... and nothing was sold';
	return $answer;
}
$left = stock($second);
my $many = $left + 1;
$page = $cashier->get("/sell?quantity$first=1&quantity$second=$many&client=$client");
my $short = refused('more than there is', $page, qr/<p class="error" id="quantity$second-error">Il reste seulement \Q$left\E/);
like $short->{body}, qr/name="quantity$second"[^>]* value="$many" aria-invalid="true"/, '... beside the quantity that was typed';
like $short->{body}, qr/name="quantity$first"[^>]* value="1">/, '... while the other line is as it was';
like $short->{body}, qr/name="client" value="$client" checked/, '... and the client too';
$page = $cashier->get("/sell?quantity$first=1");
refused('half a piece', $page, qr/unités entières/, "quantity$first" => '0,5');
for my $bad ('abc', '-1', '1e3', '1,2345', '9999999', 'NaN', "1' OR '1'='1") {
	my $answer = refused("a quantity of $bad", $page, qr/id="quantity$first-error"/, "quantity$first" => $bad);
	my $typed = $bad =~ s/'/&#39;/gr;
	like $answer->{body}, qr/value="\Q$typed\E"/, '... and is still there';
}
refused('a quantity typed at the last moment', $page, qr/Le total est maintenant/, "quantity$first" => 5);
refused('a total that somebody made up', $page, qr/Le total est maintenant/, total => 1);
refused('money that is not enough', $page, qr/id="given-error">.*moins que le total/, given => 1);
refused('money that is no number', $page, qr/id="given-error"/, given => 'much');
refused('an empty basket', $page, qr/panier est vide/, "quantity$first" => 0);
is $cashier->get("/sell?quantity$first=abc")->{status}, 422, 'a bad quantity in the address is said beside its field';
for my $address ('/sell?add=x', '/sell?client=99999999', '/sell?pick=-1', "/sell?quantity$first=1&quantity$first=2", '/sell?method=gold') {
	is $cashier->get($address)->{status}, 404, "$address is not there";
}
is $cashier->get('/sell?quantity99999999=5')->{status}, 200, 'what is not for sale is left out of a basket';
my %sent = (%form, "quantity$first" => 1);
is $cashier->post('/sell', %sent)->{status}, 403, 'a form without the token sells nothing';
unlike $cashier->get('/sell?add=1')->{body}, qr/type="hidden" name="csrf"[^>]*>(?=(?:(?!<\/form>).)*name="quantity)/s, 'a GET form does not carry the token';

# -- what is left, and what was missing
$page = sell($cashier->get("/sell?quantity$second=$many"));
my $unmet = sql('SELECT count(*) FROM shop.unmet_demand');
$sold = sell($page, partial => 1);
is $sold->{status}, 303, 'what is left can be sold all the same';
is stock($second), 0, '... to the last piece';
is sql("SELECT trim_scale(quantity) FROM shop.unmet_demand WHERE product_id = $second ORDER BY id DESC LIMIT 1"), 1, '... and what was missing is noted';
$page = sell($cashier->get("/sell?quantity$second=2"));
like $page->{body}, qr/n&#39;en reste plus/, 'when there is none left it is said';
$sold = sell($page, partial => 1);
is $sold->header('Location'), '/sell?done=noted', '... and can be noted without a sale';
is sql('SELECT count(*) FROM shop.unmet_demand'), $unmet + 2, '... as demand';

# -- by weight
$page = $cashier->get("/sell?quantity$rice=2,5");
like $page->{body}, qr/name="quantity$rice"[^>]* value="2,5"/, 'rice is sold by two and a half';
$sold = sell($page);
is sql('SELECT trim_scale(quantity) FROM shop.sale_line ORDER BY id DESC LIMIT 1'), '2.5', '... kilos';

# -- money and receipt
sql("INSERT INTO shop.exchange_rate VALUES ('USD', current_date, 2500) ON CONFLICT (currency, valid_from) DO UPDATE SET rate = 2500");
sql("UPDATE shop.product SET price = 5000, name = 'Thé & <b>sucre</b>' WHERE id = $first");
sql(q{UPDATE shop.web_setting SET receipt_note = 'Merci'});
$receipt = sell($cashier->get("/sell?quantity$first=2&client=$client"), given => '20 000')->follow;
like $receipt->{body}, qr/Monnaie à rendre<\/th><td class="n">10\x{202F}000\x{A0}FC/, 'the receipt tells the change';
like $receipt->{body}, qr/4,00\x{A0}\$ au taux de 2\x{202F}500 FC/, '... and the total in dollars with the rate';
like $receipt->{body}, qr/\Q$client_name\E.*Servi par Muhindo.*Merci/s, '... and who bought, who served, and the shop\'s words';
like $receipt->{body}, qr/Thé &amp; &lt;b&gt;sucre&lt;\/b&gt;/, '... and names as text';
($id) = $receipt->{address} =~ /id=(\d+)/;
$receipt = sell($cashier->get("/sell?quantity$first=2"), method => 'dollars', given => 5)->follow;
like $receipt->{body}, qr/espèces, en dollars.*5,00\x{A0}\$.*2\x{202F}500\x{A0}FC/s, 'who pays in dollars gets change in francs';
refused('three dollars for four', $cashier->get("/sell?quantity$first=2"), qr/moins que le total/, method => 'dollars', given => 3);
$receipt = sell($cashier->get("/sell?quantity$first=1"), method => 'mobile', reference => 'MP2311.0830')->follow;
like $receipt->{body}, qr/mobile money.*MP2311\.0830/s, 'mobile money leaves its reference';

my $text = $cashier->get("/receipt/text?id=$id");
is $text->header('Content-Type'), 'text/plain; charset=utf-8', 'the receipt is there as plain text';
like $text->{body}, qr/^Chez Kavira\n.*Reçu n°\s$id, .*2 x Thé & <b>sucre<\/b> = 10\x{202F}000\x{A0}FC\nTotal\x{202F}: 10\x{202F}000\x{A0}FC\n4,00.*Merci\n$/s, '... to send by phone';
my ($link) = $receipt->{body} =~ m{href="https://wa\.me/\?text=([^"]*)"};
like $link, qr/^[A-Za-z0-9%._~-]+$/, 'the link to send it is an address whatever is in it';
is $cashier->get("/receipt?id=99999999")->{status}, 404, 'a receipt that does not exist is not there';

# -- rights
is browser()->get('/sell')->header('Location'), '/login', 'who is not logged in sells nothing';
sql("UPDATE shop.product SET unit_cost = 7654 WHERE id = $first");
unlike $cashier->get($_)->{body}, qr/\b7[^0-9a-z]{0,3}654\b|unit_cost/, "a cashier sees no cost, $_" for "/sell?quantity$first=1", "/receipt?id=$id";
done_testing;
