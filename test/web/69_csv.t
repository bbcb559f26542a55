# Tables of spreadsheets: what goes out opens as it was, what comes in is shown before it is stored, all or nothing.
use strict;
use warnings;
use utf8;
use Encode;
use lib 'test/web';
use Test::More;
use Web;

my $owner = browser('owner');
my $cashier = browser('cashier');

sub export {
	my ($what, %more) = @_;
	return $owner->get("/settings/export?what=$what", %more);
}

# Sends a file as the form does.
sub upload {
	my ($what, $bytes, $browser) = @_;
	$browser //= $owner;
	utf8::encode($bytes) if utf8::is_utf8($bytes);
	my %fields = ($owner->get('/settings/import')->fields('/settings/import'), what => $what);
	my $boundary = 'x' x 20;
	my $body = join '', map { "--$boundary\r\nContent-Disposition: form-data; name=\"$_\"\r\n\r\n$fields{$_}\r\n" } sort keys %fields;
	$body .= "--$boundary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n$bytes\r\n--$boundary--\r\n";
	return $browser->request('POST', '/settings/import', $body, "multipart/form-data; boundary=$boundary");
}

# Sends a file, and what it would do as the page tells: new, changed, unchanged, wrong; then the page.
sub preview {
	my $page = upload(@_);
	$page = $page->follow if $page->{status} == 303;
	my @counts = $page->{body} =~ m{<dd>(\d+)</dd>}g;
	return ("@counts", $page);
}

sub store {
	my ($page) = @_;
	my ($action) = $page->{address} =~ m{(/settings/import/check\?id=\d+)};
	return $page->submit($action);
}

sub state { return sql(q{SELECT md5(string_agg(p::text, ' ' ORDER BY id)) || count(*) FROM shop.product p}) }

# -- out
my $category = sql('SELECT min(id) FROM shop.category');
sql(qq{INSERT INTO shop.product (name, category_id, price, unit_cost) VALUES ('=cmd|'' /C calc''!A0', $category, 1250.5, 900), ('+243', $category, 1, 1),
	('-2+3', $category, 1, 1), ('\@SUM(1)', $category, 1, 1), ('Zz "grand"; rouge', $category, 1, 1)});
sql(q{INSERT INTO shop.client (name, phone) VALUES ('=HYPERLINK("http://evil.example")', '+243990000001')});
my $page = export('products');
is $page->header('Content-Type'), 'text/csv; charset=utf-8', 'a table is CSV';
like $page->header('Content-Disposition'), qr/^attachment; filename="products\.csv"$/, '... to be stored';
like $page->header('Content-Security-Policy'), qr/; sandbox$/, '... in a box if it is opened';
like $page->header('Cache-Control'), qr/no-store/, '... and nowhere else';
like $page->{body}, qr/^\x{FEFF}Nom;Rayon;Fournisseur;Prix;/, '... with a head, in UTF-8 that spreadsheets notice';
is scalar(split /\r\n/, $page->{body}), 1 + sql('SELECT count(*) FROM shop.product WHERE active'), '... and a line for each product';
like $page->{body}, qr/;1250,5;900;/, '... and numbers as the language writes them';
unlike $page->{body}, qr/(?:^|;)"?[=+\@-](?![0-9.,]+(?:;|\r?$))/m, 'no cell is a formula';
like $page->{body}, qr/^"'=cmd/m, '... what begins like one is text';
like $page->{body}, qr/^"Zz ""grand""; rouge";/m, 'separators and quotes stay in their cell';
for my $language ('en', 'sw') {
	local $owner->{language} = $language;
	like export('products')->{body}, $language eq 'en' ? qr/;1250\.5;900;/ : qr/;1250,5;900;/, "... in $language too";
}
{
	local $owner->{language} = 'en';
	like export('products')->{body}, qr/^\x{FEFF}Name;Shelf.*;1250\.5;900;/s, 'an English table is English';
}
like export('clients')->{body}, qr/^"'=HYPERLINK\(""http/m, 'clients are no formulas either';
like export('clients')->{body}, qr/;"'\+2/, '... nor their phone numbers';
is scalar(split /\r\n/, export('stock')->{body}), 1 + sql('SELECT count(*) FROM shop.product WHERE active'), 'the stock is a table';
is scalar(split /\r\n/, $owner->get('/settings/export?what=sales&from=2000-01-01')->{body}), 1 + sql('SELECT count(*) FROM shop.sale_line'), 'sales are a table';
is scalar(split /\r\n/, $owner->get('/settings/export?what=sales&from=2000-01-01&to=2000-01-02')->{body}), 1, '... of chosen days';
is $owner->get('/settings/export?what=web_user')->{status}, 404, 'there is no other table';
is $cashier->get("/settings/$_")->{status}, 403, "a cashier has nothing to do at $_" for 'export', 'export?what=products', 'import', 'import/check?id=1';

# -- out and in again
my $before = state();
my ($counts, $preview) = preview('products', Encode::encode('UTF-8', export('products')->{body}));
is $counts, '0 0 ' . sql('SELECT count(*) FROM shop.product WHERE active') . ' 0', 'a table that comes back as it went changes nothing';
is state(), $before, '... and has not';
($counts, $preview) = preview('clients', Encode::encode('UTF-8', export('clients')->{body}));
like $counts, qr/^0 0 \d+ 0$/, 'the same with clients';

# -- in
my $head = "Nom;Rayon;Fournisseur;Prix;Coût;Unité;Code-barres;En stock;Seuil d'alerte;Inconnu\r\n";
my $good = $head . "Zz Clou 5 cm;Quincaillerie Zz;Fournisseur Zz;1 250,50;900;kg;zz1;12,5;3;x\n\n" . "\"Zz \"\"Vis\"\"; 3 cm\";quincaillerie zz;;50;20;;;;;\r\n";
($counts, $preview) = preview('products', $good);
is $counts, '2 0 0 0', 'two new products would be stored';
is state(), $before, '... and are not yet';
is sql(q{SELECT count(*) FROM shop.category WHERE name = 'Quincaillerie Zz'}), 0, '... nor their shelf';
like $preview->{body}, qr{Zz (?:&quot;|")Vis(?:&quot;|"); 3 cm</td><td class="n">4</td>}, 'lines have the numbers that they have in the file';
$page = store($preview);
is $page->{status}, 303, 'they are stored when the owner says so';
like $page->follow->{body}, qr/Enregistré : 2 lignes|Enregistré\x{A0}?\x{202F}?.{0,3}: 2 lignes/, '... and the page says how many';
is sql(q{SELECT p.price || ' ' || p.unit || ' ' || p.divisible || ' ' || p.barcode || ' ' || trim_scale(p.threshold) || ' ' || trim_scale(l.on_hand) || ' ' || s.name || ' ' || c.name
	FROM shop.product p JOIN shop.stock_level l ON l.product_id = p.id JOIN shop.supplier s ON s.id = p.supplier_id JOIN shop.category c ON c.id = p.category_id
	WHERE p.name = 'Zz Clou 5 cm'}), '1250.50 kg true zz1 3 12.5 Fournisseur Zz Quincaillerie Zz', 'all of it is there: price, stock, shelf, supplier';
is sql(q{SELECT count(*) FROM shop.category WHERE name ILIKE 'quincaillerie zz'}), 1, 'a shelf is made once';
like sql(q{SELECT count(*) FROM shop.web_journal j JOIN shop.product p ON j.row_id = p.id::text WHERE j.relation = 'product' AND p.name LIKE 'Zz Clou%' AND j.user_id IS NOT NULL}),
	qr/^[1-9]/, 'the journal says who did it';
($counts, $preview) = preview('products', "name,price,stock\nzz clou 5 cm,1300,99\n");
is $counts, '0 1 0 0', 'a product is known by its name, the columns by theirs, cells may be parted by commas';
store($preview);
is sql(q{SELECT p.price || ' ' || trim_scale(l.on_hand) FROM shop.product p JOIN shop.stock_level l ON l.product_id = p.id WHERE barcode = 'zz1'}), '1300.00 12.5',
	'... its price changes, its stock does not';
($counts, $preview) = preview('products', "Nom\tCode-barres\nZz Clou galvanisé\tzz1\n");
store($preview);
is sql(q{SELECT name FROM shop.product WHERE barcode = 'zz1'}), 'Zz Clou galvanisé', 'a barcode is stronger than a name';
($counts, $preview) = preview('products', Encode::encode('cp1252', "Nom;Coût;Rayon;Prix\r\nZz Été’s œuf;5;Quincaillerie Zz;9\r\n"));
store($preview);
is sql(q{SELECT count(*) FROM shop.product WHERE name = 'Zz Été’s œuf' AND unit_cost = 5}), 1, 'a file of an old Windows is read as well';
($counts, $preview) = preview('clients', "Nom;Téléphone;Adresse\nZz Kahindo;0997 111 222;Rue\nZz Kahindo;0997 111 333;Rue\nZz Paluku;;\n");
is $counts, '3 0 0 0', 'clients of one name and two phones are two';
store($preview);
is sql(q{SELECT count(*) FROM shop.client WHERE name LIKE 'Zz %'}), 3, '... and are stored';
($counts, $preview) = preview('clients', "Nom;Téléphone\nZz Paluku;+243997111444\n");
is $counts, '0 1 0 0', 'a phone is added to one who had none';

# -- goods sold by weight
my $weights = "Nom;Rayon;Prix;Coût;Unité;Vendu au détail;En stock\r\nZz sucre;Quincaillerie Zz;5;3;kg;oui;10\r\nZz pelle;Quincaillerie Zz;5;3;pièce;non;10\r\nZz fil;Quincaillerie Zz;5;3;m;X;2,5\r\nZz clou;Quincaillerie Zz;5;3;kg;;1,5\r\n";
($counts, $preview) = preview('products', $weights);
is $counts, '4 0 0 0', 'a table says what is sold by weight';
store($preview);
is sql(q{SELECT string_agg(divisible::text, ' ' ORDER BY name) FROM shop.product WHERE name IN ('Zz sucre', 'Zz pelle', 'Zz fil', 'Zz clou')}), 'true true false true',
	'... or it is told by a stock that is not whole';
($counts, $preview) = preview('products', "name,sold in fractions\nZz sucre,no\nZz fil,ndiyo\nZz clou,\n");
is $counts, '0 1 2 0', '... in any of the languages, and an empty cell changes nothing';
store($preview);
is sql(q{SELECT divisible FROM shop.product WHERE name = 'Zz sucre'}), 'f', '... and may change';
($counts, $preview) = preview('products', "Nom;Rayon;Prix;Coût;Vendu au détail;En stock\nZz a;Quincaillerie Zz;5;3;peut-être;1\nZz b;Quincaillerie Zz;5;3;non;1,5\n");
is $counts, '0 0 0 2', '... but is yes or no, and no half of what is sold whole';
like $preview->{body}, qr/oui ou non.*unités entières/s, '... which is said';
like export('products')->{body}, qr/;Unité;Vendu au détail;.*\nZz fil;[^\n]*;m;oui;.*\nZz pelle;[^\n]*;pièce;non;/s, '... and goes out as it came';

# -- what is wrong
$before = state();
my $fine = "Zz bon;Quincaillerie Zz;;5;3;;;;;\n";
for my $case (['Zz x;Quincaillerie Zz;;abc;3;;;;;', qr{Prix\s: Tapez un nombre}, 'a price that is none'], [';Quincaillerie Zz;;5;3;;;;;', qr{Nom\s: Il faut}, 'no name'],
	['Zz x;;;5;3;;;;;', 'rayon', 'no shelf'], ['Zz x;Quincaillerie Zz;;;3;;;;;', 'prix', 'no price'], ['Zz x;Quincaillerie Zz;;5;;;;;;', 'coût', 'no cost'],
	['Zz x;Quincaillerie Zz;;0;3;;;;;', 'plus que zéro|supérieur', 'a price of nothing'], ['Zz x;Quincaillerie Zz;;5;3;;;-1;;', 'Au moins', 'a stock below nothing'],
	['Zz y;Quincaillerie Zz;;5;3;;zz1;;;' . "\n" . 'Zz w;Quincaillerie Zz;;5;3;;zz1;;;', 'deux lignes', 'one barcode in two lines'],
	["Zz bon;Quincaillerie Zz;;5;3;;;;;", 'deux lignes', 'the same name twice'], ['x' x 201 . ';Quincaillerie Zz;;5;3;;;;;', 'Au plus 200', 'a name without end']) {
	my ($line, $message, $what) = @$case;
	my ($counts, $page) = preview('products', $head . $fine . "$line\n");
	like $counts, qr/^1 \d 0 1$/, "$what: one line is wrong";
	like $page->{body}, qr{<span class="error">[^<]*(?:$message)}, '... and it is said why';
	unlike $page->{body}, qr{action="/settings/import/check}, '... and nothing of the file can be stored';
}
is state(), $before, 'nothing was';
for my $case (['', 'Il faut remplir'], ["Nom;Prix\n", 'aucune ligne'], ["Prix;Rayon\n5;x\n", 'il manque Nom'], ["Nom;Nom\na;b\n", 'deux fois'], ["Nom\n\"sans fin\n", 'CSV'],
	["Nom\na\0b\n", 'CSV'], ["Nom\n" . "a\n" x 2001, 'trop grand'], [join(';', ('Nom') x 30) . "\n", 'trop grand'], ["\x89PNG\r\n\x1A\n\0\0", 'CSV'],
	['Nom;' . 'x' x 1_100_000, 'trop grand|volumineux']) {
	my ($bytes, $message) = @$case;
	my $page = upload('products', $bytes);
	is $page->{status}, 422, 'a file that begins with "' . (substr($bytes, 0, 12) =~ s/[^ -~]/?/gr) . '" is not taken';
	like $page->{body}, qr/$message/, '... and it is said why';
}
($counts, $preview) = preview('products', "Nom;Rayon;Prix;Coût\n<script>alert(1)</script>;<b>;5;3\n\"'; DROP TABLE shop.sale; --\";x;5;3\n{{7*7}}\\\";x;5;3\n");
is $counts, '3 0 0 0', 'a name may hold anything';
unlike $preview->{body}, qr/<script/, '... and is text in the page';
my %form = $preview->fields($preview->{address} =~ s/&/&amp;/gr);
$owner->post($preview->{address}, %form) for 1 .. 2;
is sql(q{SELECT count(*) FROM shop.product WHERE name IN ('<script>alert(1)</script>', '''; DROP TABLE shop.sale; --', '{{7*7}}\"')}), 3, '... and in the shop, once';
my $other = sql(q{INSERT INTO shop.web_import (user_id, what, lines, report) VALUES (999, 'products', '[]', '[]') RETURNING id});
is $owner->get("/settings/import/check?id=$other")->{status}, 404, 'what somebody else has sent is not to be seen';
is upload('products', $good, $cashier)->{status}, 403, 'a cashier imports nothing';

sql(q(UPDATE shop.product SET active = false WHERE name LIKE 'Zz %' OR name ~ '^[-=+@<''{]'));
done_testing;
