# How good the recommendations are: charts, figures, the last nights, health, and the way back to the version before.
use strict;
use warnings;
use utf8;
use lib 'test/web';
use Test::More;
use Web;

my $owner = browser('owner');
my $cashier = browser('cashier');

sub active { return sql(q{SELECT version FROM reco.model_version WHERE model = 'shop' AND active}) }

# -- one version
sql(q{SELECT reco.activate('shop', max(version)) FROM reco.model_version WHERE model = 'shop'});
my $first = active();
my $page = $owner->get('/quality');
is $page->{status}, 200, 'the page is there with a single version';
is $owner->get('/quality/back')->submit('/quality/back')->{status}, 422, '... before which there is none'
	if sql(q{SELECT count(*) FROM reco.model_version WHERE model = 'shop'}) == 1;
is active(), $first, '... so it goes on serving';

# -- two
sql(q{INSERT INTO shop.rating (client_id, product_id, stars) SELECT c, 1 + c % 100, 1 + c % 5 FROM generate_series(1, 100) c
	ON CONFLICT DO NOTHING; SELECT reco.train('shop'); SELECT reco.activate('shop', max(version)) FROM reco.model_version WHERE model = 'shop'});
my $second = active();
isnt $second, $first, 'a second version serves';
$page = $owner->get('/quality');
my @charts = $page->{body} =~ /<svg role="img"/g;
is scalar(@charts), 2, 'there is a chart of stars and one of lists';
my @lines = $page->{body} =~ /<polyline( class="base")? points="([0-9., ]+)"/g;
is scalar(@lines), 16, '... of four lines each';
is scalar(grep { defined && /base/ } @lines), 4, '... half of them what the model is compared with';
my ($rmse, $baseline) = map { tr/./,/r } split / /, sql(qq{SELECT round(rmse::numeric, 3) || ' ' || round(baseline_rmse::numeric, 3)
	FROM reco.model_version WHERE model = 'shop' AND version = $second});
like $page->{body}, qr{version $second</b>.*?en service.*?RMSE \Q$rmse\E <small>\(\Q$baseline\E\)}s, 'the figures of the version that serves are there with their baseline';
for my $case (['mae', 'MAE'], ['ndcg_at_10', 'NDCG'], ['recall_at_10', 'recall']) {
	my $value = sql(qq{SELECT round($case->[0]::numeric, 3) FROM reco.model_version WHERE model = 'shop' AND version = $second}) =~ tr/./,/r;
	like $page->{body}, qr{version $second</b>.*?$case->[1] \Q$value\E}s, "... $case->[1] too";
}
like $page->{body}, qr{aria-label="[^"]*$second [^"]*étoiles en moyenne}, 'a chart is told in a sentence';

# -- back
my %form = $owner->get('/quality/back')->fields('/quality/back');
my @answers = map { $owner->post('/quality/back', %form)->{status} } 1 .. 2;
is "@answers", '303 303', 'the owner goes back to the version before';
is active(), $first, '... which serves again; a second tap changes nothing';
like $owner->get('/quality?done=back')->{body}, qr/La version $first sert maintenant/, '... and the page says so';
like sql(q{SELECT action || ' ' || row_id || ' ' || (user_id IS NOT NULL) FROM shop.web_journal WHERE relation = 'model' ORDER BY id DESC LIMIT 1}),
	qr/^rollback $first true$/, '... and the journal who did it';
is $owner->post('/quality/back', csrf => '0' x 32, once => '1' x 32)->{status}, 403, 'a form that is not ours does not';
is $cashier->get($_)->{status}, 403, "a cashier has nothing to do at $_" for '/quality', '/quality/back';
is $cashier->post('/quality/back', %form)->{status}, 403, '... not by a form either';

# -- nights
sub night {
	my ($task, $outcome, $message) = @_;
	sql(qq{INSERT INTO reco.job_record (model_id, model, owner, task, started, finished, outcome, message, pid)
		SELECT id, name, owner, '$task', now(), now(), '$outcome', '$message', 1 FROM reco.model WHERE name = 'shop'});
}
for my $case (['training', 'activated', 'une meilleure version sert'], ['training', 'kept', 'pas mieux'], ['training', 'unchanged', 'rien de neuf'],
	['forecasts', 'refitted', 'prévisions .{1,8} seuils et commandes recalculés']) {
	my ($task, $outcome, $words) = @$case;
	night($task, $outcome, '');
	$page = $owner->get('/quality');
	like $page->{body}, qr/$words/, "a night whose work was $outcome is told in words";
	like $page->{body}, qr/Tout va bien/, '... and all is well';
}
night('training', 'failed', 'relation "secret_table" <b>does not exist');
$page = $owner->get('/quality');
like $page->{body}, qr/travail de la dernière nuit a échoué.*échec/s, 'one that failed is told';
unlike $page->{body}, qr/secret_table/, '... without words of the database';
sql(q{DELETE FROM reco.job_record});
like $owner->get('/quality')->{body}, qr/Aucun travail de nuit/, 'no night yet is told too';

done_testing;
