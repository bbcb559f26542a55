/*
 * scan.c - the scan against the slow way, on random rows of every sort
 *
 * Scores of all rows, sorted, are what the scan must come to by bounds and
 * thresholds, for each kernel that this processor runs.  Prints TAP.
 */
#include <stdio.h>

#include "../../extension/scan.c"
#include "../../extension/random.h"
#include "../../extension/topn.h"

#define MAX_ROWS 700
#define MAX_WIDTH 96
#define ROUNDS 1200

typedef struct Case
{
	FactorMatrix m;
	int			constant;
	float	   *less;
	float		vector[MAX_WIDTH];
} Case;

static uint64_t position = 0;

static double
uniform(void)
{
	return random_uniform(1, position++);
}

static int
below(int n)
{
	return (int) (uniform() * n);
}

static float
number(int sort, int64_t row)
{
	double		x = random_normal(2, position++);

	switch (sort)
	{
		case 0:					/* of one size */
			return x;
		case 1:					/* lengths of a power law */
			return x / sqrt(row + 1);
		case 2:					/* many ties */
			return below(3) - 1;
		case 3:					/* all sizes that there are, products of two among them */
			return x * pow(2, below(120) - 60);
		case 4:					/* too small for a scale, or to be told from zero */
			return x * 0x1p-130;
		case 5:					/* so great that scores overflow */
			return x * 0x1p+62;
		case 6:					/* zeros, mostly */
			return below(20) == 0 ? x : 0;
		case 7:					/* one row above all others */
			return row == 5 ? 1000 * x : x;
		default:				/* one column above all others */
			return x;
	}
}

static void
make_case(Case *c)
{
	static float data[MAX_ROWS * MAX_WIDTH];
	static float less[MAX_ROWS];
	int			sort = below(9);
	int			vector_sort = below(4) == 0 ? sort : 0;

	memset(data, 0, sizeof(data));
	c->m.rows = below(4) == 0 ? below(40) : below(MAX_ROWS);
	c->m.width = 2 + below(MAX_WIDTH - 2);
	c->m.stride = factor_stride(c->m.width);
	c->m.data = data;
	c->constant = -1;
	c->less = NULL;
	memset(c->vector, 0, sizeof(c->vector));
	for (int i = 0; i < c->m.width; i++)
		c->vector[i] = number(vector_sort, 0);
	for (int64_t row = 0; row < c->m.rows; row++)
	{
		for (int i = 0; i < c->m.width; i++)
			factor_row(&c->m, row)[i] = number(sort, row) * (sort == 8 && i == 1 ? 1000 : 1);
	}
	if (below(3) == 0)
	{
		/* as of ratings */
		c->constant = SVD_CLIENT_BIAS;
		c->vector[SVD_PRODUCT_BIAS] = 1;
		for (int64_t row = 0; row < c->m.rows; row++)
			factor_row(&c->m, row)[SVD_CLIENT_BIAS] = 1;
		if (below(2) == 0)
		{
			c->less = less;
			for (int64_t row = 0; row < c->m.rows; row++)
				less[row] = fabsf(number(sort, row));
		}
	}
}

static float
score(const Case *c, int64_t row)
{
	return factor_dot(c->vector, factor_row(&c->m, row), c->m.stride) - (c->less ? c->less[row] : 0);
}

/* An overflow both ways has no score, and no place in any order. */
static int
has_scores(const Case *c)
{
	for (int64_t row = 0; row < c->m.rows; row++)
	{
		if (isnan(score(c, row)))
			return 0;
	}
	return 1;
}

static void
fill(const ScanSource *source, void *work, ScanTable *table)
{
	int64_t		places = scan_padded(table->rows);

	scan_order(source, work);
	/* in two parts, as a part is what others fill at a time */
	scan_fill(source, work, 0, places / 2 / SCAN_BLOCK * SCAN_BLOCK, table);
	scan_fill(source, work, places / 2 / SCAN_BLOCK * SCAN_BLOCK,
			  places - places / 2 / SCAN_BLOCK * SCAN_BLOCK, table);
}

/* Rows scored; -1 if the list is another than that of all scores. */
static int64_t
rounds_of(const Case *c, Kernel kernel, int64_t n)
{
	static uint32_t row[MAX_ROWS + SCAN_BLOCK];
	static float scale[MAX_ROWS + SCAN_BLOCK];
	static float error[MAX_ROWS + SCAN_BLOCK];
	static float norm[MAX_ROWS + SCAN_BLOCK];
	static uint8_t rows_codes[(MAX_ROWS + SCAN_BLOCK) * MAX_WIDTH];
	static char work[MAX_ROWS * sizeof(uint64_t) + MAX_WIDTH * sizeof(float)];
	static TopEntry by_scan[MAX_ROWS];
	static TopEntry by_all[MAX_ROWS];
	int8_t		codes[MAX_WIDTH];
	uint32_t	places[SCAN_PLACES];
	float		bounds[SCAN_PLACES];
	ScanTable	table = {.rows = c->m.rows,.width = c->m.stride,.row = row,.scale = scale,
		.error = error,.norm = norm,.codes = rows_codes};
	ScanQuery	query = {.codes = codes};
	TopN		scan;
	TopN		all;
	int64_t		scored = 0;

	ScanSource	source = {&c->m, c->constant, c->less, SVD_PRODUCT_BIAS};

	fill(&source, work, &table);
	scan_query(&table, c->vector, c->constant, &query);
	topn_init(&all, by_all, n);
	topn_init(&scan, by_scan, n);
	for (int64_t i = 0; i < c->m.rows; i++)
		topn_offer(&all, score(c, i), i);
	for (int64_t place = 0; place < table.rows; place += 2 * SCAN_BLOCK)
	{
		float		threshold = scan.used == n && n > 0 ? scan.entries[0].score : -INFINITY;
		int			found;

		if (scan_limit(&table, &query, place) < threshold)
			break;
		found = kernel(&table, &query, place, threshold,
					   (int) (scan_padded(table.rows) - place < 2 * SCAN_BLOCK ? 1 : 2), places, bounds);
		for (int i = 0; i < found; i++)
		{
			float		exact;

			if (places[i] >= table.rows)
				continue;
			exact = score(c, row[places[i]]);
			if (exact > bounds[i])
				return -1;
			topn_offer(&scan, exact, row[places[i]]);
			scored++;
		}
	}
	topn_sort(&all);
	topn_sort(&scan);
	if (all.used != scan.used)
		return -1;
	for (int64_t i = 0; i < all.used; i++)
	{
		if (all.entries[i].id != scan.entries[i].id || all.entries[i].score != scan.entries[i].score)
			return -1;
	}
	return scored;
}

/* Is the order of places that of lengths, and has each row one of them? */
static int
is_permutation(void)
{
	static float data[300 * 16];
	FactorMatrix m = {.rows = 300,.width = 16,.stride = 16,.data = data};
	uint32_t	row[304];
	float		scale[304];
	float		error[304];
	float		norm[304];
	static uint8_t codes[304 * 16];
	static char work[300 * 8 + 16 * 4];
	ScanTable	table = {.rows = 300,.width = 16,.row = row,.scale = scale,.error = error,.norm = norm,
		.codes = codes};
	int			seen[300] = {0};
	int			good = 1;

	for (int i = 0; i < 300 * 16; i++)
		data[i] = random_normal(3, i) * (i / 16 % 7);
	fill(&(ScanSource) {&m, -1}, work, &table);
	for (int i = 0; i < 300; i++)
	{
		seen[row[i]]++;
		good = good && (i == 0 || norm[i] <= norm[i - 1]);
	}
	for (int i = 0; i < 300; i++)
		good = good && seen[i] == 1;
	return good;
}

int
main(void)
{
	const struct
	{
		const char *name;
		int			runs;
		Kernel		kernel;
	}			kernels[] = {
		{"plain C", 1, plain_kernel},
#ifdef HAVE_X86_KERNELS
		{"AVX2", __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"), avx2_kernel},
		{"AVX-512 VNNI", best_kernel() == vnni_kernel, vnni_kernel},
#endif
	};
	int			tests = 0;

	for (size_t k = 0; k < sizeof(kernels) / sizeof(kernels[0]); k++)
	{
		int			wrong = 0;
		double		scored = 0;
		double		rows = 0;

		if (!kernels[k].runs)
		{
			printf("ok %d # SKIP this processor has no %s\n", ++tests, kernels[k].name);
			printf("ok %d # SKIP this processor has no %s\n", ++tests, kernels[k].name);
			continue;
		}
		position = 0;
		for (int round = 0; round < ROUNDS; round++)
		{
			Case		c;
			int64_t		n;
			int64_t		used;

			do
				make_case(&c);
			while (!has_scores(&c));
			n = below(3) == 0 ? below(MAX_ROWS) : 1 + below(10);
			used = rounds_of(&c, kernels[k].kernel, n);
			if (used < 0 && wrong++ < 3)
				printf("# round %d: another list of %ld of %ld rows\n", round, (long) n, (long) c.m.rows);
			if (c.m.rows > 300 && n <= 10 && used >= 0)
			{
				scored += used;
				rows += c.m.rows;
			}
		}
		printf("%s %d - %s: %d random lists are those of all scores, bounds are bounds\n",
			   wrong ? "not ok" : "ok", ++tests, kernels[k].name, ROUNDS);
		printf("%s %d - %s: of lists up to ten, less than half of the rows are scored\n",
			   scored < rows / 2 ? "ok" : "not ok", ++tests, kernels[k].name);
		printf("# %.3f of the rows scored\n", scored / rows);
	}
	printf("%s %d - each row has one place, and no place is of a longer row than the one before\n",
		   is_permutation() ? "ok" : "not ok", ++tests);
	printf("1..%d\n", tests);
	return 0;
}
