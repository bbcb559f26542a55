# Alerts: what waits to be looked at, what was seen, what is put off until a day, and what comes back by itself.
use strict;
use warnings;
use utf8;
use lib 'test/web';
use Test::More;
use Web;

my $owner = browser('owner');
my $cashier = browser('cashier');
my $waiting = sub { sql('SELECT count(*) FROM shop.web_alert WHERE waits') };

# Goods of its own, each below its threshold: one is out, one is low; and one whose delivery is late.
my $category = sql(q{INSERT INTO shop.category (name) VALUES ('Aa rayon') RETURNING id});
my $supplier = sql(q{INSERT INTO shop.supplier (name) VALUES ('Aa fournisseur') RETURNING id});
my ($out, $low, $late) = map {
	sql("INSERT INTO shop.product (name, category_id, supplier_id, price, unit_cost, threshold, policy) VALUES ('Aa $_', $category, $supplier, 500, 300, 5, 'manual') RETURNING id")
} '<b>savon', 'sel', 'sucre';
sql("SELECT shop.receive(NULL, ARRAY[$out, $low, $late]::bigint[], ARRAY[20, 20, 20])");
sql("SELECT shop.sell(NULL, ARRAY[$out, $low]::bigint[], ARRAY[20, 17])");
my $order = sql("SELECT shop.place_order($supplier, ARRAY[$late]::bigint[], ARRAY[6])");
sql("UPDATE shop.purchase_order SET expected_on = current_date - 3, ordered_at = now() - interval '9 days' WHERE id = $order");
sql('SELECT shop.refresh_alerts()');
my %alert = map { split / / } split /\n/, sql("SELECT product_id || ' ' || id FROM shop.web_alert WHERE product_id IN ($out, $low, $late)");
is scalar(keys %alert), 3, 'there are three alerts';

sub badge { my ($body) = $_[0]->get('/')->{body} =~ m{<b class="badge">(\d+)<span}; return $body // 0 }

# -- the list
my $page = $owner->get('/alerts');
is $page->{status}, 200, 'the owner sees the alerts';
like $page->{body}, qr{Aa &lt;b&gt;savon</a> <b class="badge bad">Épuisé</b>}, 'what is out';
like $page->{body}, qr{Aa sel</a> <b class="badge">reste 3</b>}, '... what is low, with what is left';
like $page->{body}, qr{Aa sucre</a> <b class="badge bad">Livraison en retard</b>}, '... what should have come';
is badge($owner), $waiting->(), 'the menu counts them';
is badge($cashier), $waiting->(), '... for a cashier too';
my $count = $waiting->();
like $owner->get('/')->{body}, qr{<dt>Alertes à voir</dt><dd><a href="/alerts">$count</a></dd>}, '... and so does the first page';
is $cashier->get('/alerts')->{status}, 403, 'a cashier does not say what was seen';
is $cashier->get("/alert?id=$alert{$out}")->{status}, 403, '... nor puts anything off';
my (%seen, $address);
for ($address = '/alerts?state=all'; defined $address;) {
	my $page = $owner->get($address);
	$seen{$_}++ for $page->{body} =~ m{<a href="/alert\?id=(\d+)">}g;
	($address) = $page->{body} =~ m{<a rel="next" href="([^"]+)"};
	$address =~ s/&amp;/&/g if defined $address;
}
is join(' ', scalar(keys %seen), (sort values %seen)[-1]), sql('SELECT count(*) FROM shop.web_alert') . ' 1', 'page after page the list shows every alert once';

# -- seen
$page = $owner->get('/alerts')->submit('/alerts', seen => $alert{$out});
is $page->{status}, 303, 'one is seen';
like $page->follow->{body}, qr/reste ouverte/, '... which the page says';
unlike $owner->get('/alerts')->{body}, qr/savon/, 'it waits no more';
like $owner->get('/alerts?state=seen')->{body}, qr/savon/, '... but is among those that were seen';
like $owner->get('/stock?state=out&q=savon')->{body}, qr/Épuisé/, '... and the stock still tells that it is out';
is badge($owner), $count - 1, 'the menu counts one less';
is sql("SELECT count(*) FROM shop.stock_alert WHERE product_id = $out AND closed_at IS NULL AND acknowledged_at IS NULL"), 0, 'that it was low before is seen with it';
is $owner->get('/alerts')->submit('/alerts', seen => $alert{$out})->{status}, 303, 'seen twice is no error';
is $owner->get('/alerts')->submit('/alerts')->{status}, 400, 'nothing seen is no form of ours';
is $owner->get('/alerts')->submit('/alerts', seen => 'x')->{status}, 422, '... nor is a word';

# -- put off
my $form = "/alert?id=$alert{$low}";
my ($tomorrow, $today, $far) = split / /, sql(q{SELECT (now() AT TIME ZONE 'Africa/Lubumbashi')::date + 1 || ' ' || (now() AT TIME ZONE 'Africa/Lubumbashi')::date || ' ' || (now() AT TIME ZONE 'Africa/Lubumbashi')::date + 400});
for my $bad ([$today, 'après aujourd'], ['2020-01-01', 'après aujourd'], [$far, 'Dans un an'], ['', 'Il faut'], ['31/02/2027', 'date'], ['infinity', 'date']) {
	my $page = $owner->get($form)->submit($form, until => $bad->[0]);
	is $page->{status}, 422, "not until \"$bad->[0]\"";
	like $page->{body}, qr/class="error"[^>]*>[^<]*$bad->[1]/, '... and it is said why';
}
is sql("SELECT count(*) FROM shop.stock_alert WHERE product_id = $low AND snoozed_until IS NOT NULL"), 0, 'nothing of that is kept';
is $owner->get($form)->submit($form, until => $tomorrow)->{status}, 303, 'until tomorrow it can be put off';
is sql("SELECT (snoozed_until AT TIME ZONE 'Africa/Lubumbashi')::text FROM shop.stock_alert WHERE product_id = $low AND kind = 'low' AND closed_at IS NULL"), "$tomorrow 00:00:00",
	'... which begins when the day does in the shop';
unlike $owner->get('/alerts')->{body}, qr/Aa sel/, '... it does not wait';
like $owner->get('/alerts?state=later')->{body}, qr/Aa sel.*reporté au/s, '... but is among those put off, with its day';
is badge($owner), $count - 2, '... and the menu counts one less';
sql("UPDATE shop.stock_alert SET snoozed_until = now() - interval '1 minute' WHERE product_id = $low");
like $owner->get('/alerts')->{body}, qr/Aa sel/, 'when its day has come it waits again';
is badge($owner), $count - 1, '... and is counted';
$owner->get('/alerts')->submit('/alerts', seen => $alert{$low});
unlike $owner->get('/alerts')->{body}, qr/Aa sel/, '... until it is seen';
like $owner->get('/settings/journal')->{body}, qr/Alerte \d+[^<]*modification.*Vu/s, 'the journal tells who did it';

# -- what changes meanwhile
sql("SELECT shop.receive(NULL, ARRAY[$low]::bigint[], ARRAY[100])");
is $owner->get($form)->{status}, 404, 'an alert that the stock has closed is gone';
sql("SELECT shop.sell(NULL, ARRAY[$low]::bigint[], ARRAY[100])");
like $owner->get('/alerts')->{body}, qr/Aa sel/, '... and the next one waits, whatever was said of the one before';
$page = $owner->get('/alerts');
my ($all) = $page->{body} =~ m{name="all" value="(\d+)"};
sql("SELECT shop.sell(NULL, ARRAY[$late]::bigint[], ARRAY[20])");
is $page->submit('/alerts', all => $all)->{status}, 303, 'all that the page knew of are seen';
is sql("SELECT string_agg(kind, ' ') FROM shop.web_alert WHERE waits"), 'out', '... but not what came since';
$all = sql('SELECT max(id) FROM shop.web_alert');
$owner->get('/alerts')->submit('/alerts', all => $all);
is badge($owner), 0, 'then nothing waits, and the menu has no number';
like $owner->get('/alerts')->{body}, qr/Aucune alerte/, '... nor has the list';

# -- the way there
like $owner->get("/product?id=$late")->{body}, qr{href="/sell\?add=$late">Vendre.*href="/stock/move\?product=$late">Entrée / sortie}s, 'the page of a product leads to the till and to the stock';
like $cashier->get("/product?id=$late")->{body}, qr{href="/sell\?add=$late">Vendre}, '... that of a cashier to the till';
unlike $cashier->get("/product?id=$late")->{body}, qr{/stock/move\?}, '... alone';
sql("UPDATE shop.product SET active = false WHERE category_id = $category");
unlike $owner->get("/product?id=$late")->{body}, qr{/sell\?add}, 'what is not for sale is not sold';
is sql("SELECT count(*) FROM shop.web_alert WHERE product_id IN ($out, $low, $late)"), 0, '... and nobody waits for it';

done_testing;
