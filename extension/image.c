/*
 * image.c - a version of a model in memory, as serving needs it
 *
 * The arrays of a version stand in one block of memory, as the table below
 * says: read from the store, and made from these what finds products by id
 * and the best products without looking at all.  The block is shared by all
 * backends (share.c); whoever needs it first makes it.  Its name is the
 * version's random uuid, which the caller's snapshot tells: a new version, a
 * rollback or a standby that catches up need no message, the next statement
 * simply sees another uuid.  A version that is not active has a block of its
 * own kind, without factors.
 *
 * A backend keeps its views of the blocks used last, one for each model, up
 * to MAX_IMAGES.
 */
#include "image.h"

#include "lib/ilist.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "random.h"
#include "trusted.h"

#define MAX_IMAGES 16

/* Places of a scan that are filled between two looks for a cancel. */
#define SCAN_FILL_PLACES (1024 * SCAN_BLOCK)

/* Ids are found by their distance from the lowest if that takes so many slots. */
#define MAX_SLOTS_PER_PRODUCT 4

typedef struct CachedImage
{
	dlist_node	node;
	Image	   *image;
} CachedImage;

/* the one used last comes first */
static dlist_head cache = DLIST_STATIC_INIT(cache);
static int	cached_images = 0;

/* ---- the layout of a block ---- */

/* What a block starts with. */
typedef struct BlockStart
{
	ShareHeader shared;
	StoreHeader header;
	uint64		slots;			/* of the finder */
	int64		direct;
} BlockStart;

#define ALIGNMENT 64

/* What arrays are measured in; zero where the version, or this kind, has none. */
typedef enum Measure
{
	ONE,
	PRODUCTS,
	PRODUCT_SLOTS,
	BASELINE_PRODUCTS,			/* rows of the biases, where they are the ratings' */
	RATING_PRODUCTS,			/* rows of factors, where these are */
	RATING_WIDTH,
	RATING_STRIDE,				/* as padded */
	RATING_PLACES,				/* of the scan */
	FEATURE_PRODUCTS,			/* where there is more than biases */
	PRIOR_ROWS,
	BAYES_PRODUCTS,
	ATTRIBUTE_VALUES,
	PURCHASE_PRODUCTS,
	HABIT_PRODUCTS,				/* where the log repeats */
	PURCHASE_WIDTH,
	PURCHASE_STRIDE,
	PURCHASE_PLACES,
	NEIGHBOUR_PRODUCTS,
	NEIGHBOUR_WIDTH,
	MEASURES
} Measure;

/* An array of a block: rows of columns of elements. */
typedef struct BlockArray
{
	Size		pointer;		/* to it, in Image */
	int			stored;			/* a StoreArray, or MADE_HERE */
	Measure		rows;
	Measure		columns;
	Size		element;
	bool		padded;			/* rows of floats, to FACTOR_LANES, with zeros */
} BlockArray;

#define MADE_HERE (-1)

#define SCAN_ARRAYS(scan, places, stride) \
	{offsetof(Image, scan.row), MADE_HERE, places, ONE, sizeof(uint32)}, \
	{offsetof(Image, scan.scale), MADE_HERE, places, ONE, sizeof(float)}, \
	{offsetof(Image, scan.error), MADE_HERE, places, ONE, sizeof(float)}, \
	{offsetof(Image, scan.norm), MADE_HERE, places, ONE, sizeof(float)}, \
	{offsetof(Image, scan.codes), MADE_HERE, places, stride, sizeof(uint8)}

/* All arrays of a block, in order.  What follows another may be made of it. */
static const BlockArray arrays[] = {
	{offsetof(Image, product_ids), STORE_PRODUCT_ID, PRODUCTS, ONE, sizeof(int64)},
	{offsetof(Image, popularity), STORE_POPULARITY, PRODUCTS, ONE, sizeof(float)},
	{offsetof(Image, rating_products.data), STORE_RATING_BASELINE, BASELINE_PRODUCTS, RATING_WIDTH, sizeof(float), true},
	{offsetof(Image, rating_products.data), STORE_RATING_PRODUCTS, RATING_PRODUCTS, RATING_WIDTH, sizeof(float), true},
	{offsetof(Image, rating_features.data), STORE_RATING_FEATURES, FEATURE_PRODUCTS, RATING_WIDTH, sizeof(float), true},
	{offsetof(Image, attribute_values), STORE_ATTRIBUTE_VALUE, ATTRIBUTE_VALUES, ONE, sizeof(int64)},
	{offsetof(Image, attribute_features.data), STORE_ATTRIBUTE_FEATURES, ATTRIBUTE_VALUES, RATING_WIDTH, sizeof(float), true},
	{offsetof(Image, rating_mean), STORE_RATING_PRIOR, PRIOR_ROWS, RATING_STRIDE, sizeof(float)},
	{offsetof(Image, rating_spread), STORE_RATING_SPREAD, BAYES_PRODUCTS, ONE, sizeof(float)},
	{offsetof(Image, purchase_products.data), STORE_PURCHASE_PRODUCTS, PURCHASE_PRODUCTS, PURCHASE_WIDTH, sizeof(float), true},
	{offsetof(Image, purchase_gram), STORE_PURCHASE_GRAM, PURCHASE_STRIDE, PURCHASE_STRIDE, sizeof(float)},
	{offsetof(Image, neighbours.product), STORE_NEIGHBOUR_PRODUCT, NEIGHBOUR_PRODUCTS, NEIGHBOUR_WIDTH, sizeof(uint32)},
	{offsetof(Image, neighbours.weight), STORE_NEIGHBOUR_WEIGHT, NEIGHBOUR_PRODUCTS, NEIGHBOUR_WIDTH, sizeof(float)},
	{offsetof(Image, habit), STORE_PURCHASE_HABIT, HABIT_PRODUCTS, ONE, sizeof(float)},
	{offsetof(Image, finder.slot), MADE_HERE, PRODUCT_SLOTS, ONE, sizeof(uint32)},
	{offsetof(Image, by_popularity), MADE_HERE, PRODUCTS, ONE, sizeof(uint32)},
	{offsetof(Image, rating_unknown), MADE_HERE, RATING_STRIDE, ONE, sizeof(float)},
	SCAN_ARRAYS(rating_scan, RATING_PLACES, RATING_STRIDE),
	SCAN_ARRAYS(purchase_scan, PURCHASE_PLACES, PURCHASE_STRIDE)
};

/* Are the stars of the version, or of this kind of its block, those of the biases? */
static bool
has_only_biases(const StoreHeader *header, bool personal)
{
	return !personal || header->rating_width == SVD_BIAS_COLUMNS;
}

static bool
has_bayes(const StoreHeader *header, bool personal)
{
	return header->rating_width > 0 && !has_only_biases(header, personal) &&
		header->rating_method == RATING_BAYES;
}

static void
measure(const BlockStart *start, bool personal, int64 *measures)
{
	const StoreHeader *header = &start->header;
	bool		biases = has_only_biases(header, personal);
	int64		products = header->products;

	memset(measures, 0, MEASURES * sizeof(int64));
	measures[ONE] = 1;
	measures[PRODUCTS] = products;
	measures[PRODUCT_SLOTS] = start->slots;
	if (header->rating_width > 0)
	{
		measures[biases ? BASELINE_PRODUCTS : RATING_PRODUCTS] = products;
		measures[RATING_WIDTH] = biases ? SVD_BIAS_COLUMNS : header->rating_width;
		measures[RATING_STRIDE] = factor_stride(measures[RATING_WIDTH]);
		if (personal)
			measures[RATING_PLACES] = scan_padded(products);
		if (!biases)
		{
			measures[FEATURE_PRODUCTS] = products;
			measures[PRIOR_ROWS] = measures[RATING_STRIDE] + 2;
		}
		if (has_bayes(header, personal))
		{
			measures[BAYES_PRODUCTS] = products;
			measures[ATTRIBUTE_VALUES] = header->attribute_values;
		}
	}
	if (header->purchase_width > 0 && personal)
	{
		measures[PURCHASE_PRODUCTS] = products;
		measures[PURCHASE_WIDTH] = header->purchase_width;
		measures[PURCHASE_STRIDE] = factor_stride(header->purchase_width);
		if (header->neighbour_width == 0)
			measures[PURCHASE_PLACES] = scan_padded(products);
	}
	if (header->neighbour_width > 0 && personal)
	{
		measures[NEIGHBOUR_PRODUCTS] = products;
		measures[NEIGHBOUR_WIDTH] = header->neighbour_width;
	}
	if (header->repeat.kind != REPEAT_NEVER && personal)
		measures[HABIT_PRODUCTS] = products;
}

static int64
array_columns(const BlockArray *array, const int64 *measures)
{
	int64		columns = measures[array->columns];

	return array->padded ? factor_stride(columns) : columns;
}

/*
 * Makes the pointers of an image lead to the arrays of a block (if it is not
 * NULL).  Returns the size of the block.
 */
static Size
place_arrays(Image *image, char *block, const int64 *measures)
{
	Size		offset = TYPEALIGN(ALIGNMENT, sizeof(BlockStart));

	for (int i = 0; i < lengthof(arrays); i++)
	{
		const BlockArray *array = &arrays[i];
		Size		size = mul_size(mul_size(measures[array->rows], array_columns(array, measures)),
									array->element);

		if (size == 0)
			continue;
		if (block)
			*(void **) ((char *) image + array->pointer) = block + offset;
		offset = add_size(offset, TYPEALIGN(ALIGNMENT, size));
	}
	return offset;
}

static FactorMatrix
matrix_of(const FactorMatrix *placed, int64 rows, int width)
{
	FactorMatrix m = *placed;

	m.rows = rows;
	m.width = width;
	m.stride = factor_stride(width);
	return m;
}

/* Fills in all of an image but its name, from a block. */
static void
describe(Image *image, char *block)
{
	const BlockStart *start = (const BlockStart *) block;
	const StoreHeader *header = &start->header;
	int64		measures[MEASURES];

	measure(start, image->personal, measures);
	(void) place_arrays(image, block, measures);
	image->clients = header->clients;
	image->products = header->products;
	image->finder.direct = start->direct;
	image->finder.slots = start->slots;

	image->has_ratings = header->rating_width > 0;
	image->scale.mean = header->rating_mean;
	image->scale.deviation = header->rating_deviation;
	image->scale.lowest = header->rating_lowest;
	image->scale.highest = header->rating_highest;
	image->rating_penalty.factor = header->rating_penalty;
	image->rating_penalty.bias = has_only_biases(header, image->personal)
		? header->baseline_bias_penalty : header->rating_bias_penalty;
	if (image->has_ratings)
		image->rating_products = matrix_of(&image->rating_products, header->products,
										   measures[RATING_WIDTH]);
	image->rating_scan.rows = measures[RATING_PLACES] > 0 ? header->products : 0;
	image->rating_scan.width = measures[RATING_STRIDE];
	image->is_bayes = has_bayes(header, image->personal);
	if (measures[FEATURE_PRODUCTS] > 0)
	{
		const float *square = image->rating_mean + image->rating_products.stride;

		image->rating_features = matrix_of(&image->rating_features, header->products,
										   measures[RATING_WIDTH]);
		image->attributes = measures[ATTRIBUTE_VALUES];
		image->attribute_features = matrix_of(&image->attribute_features, image->attributes,
											  measures[RATING_WIDTH]);
		image->rating_prior.precision = square;
		image->rating_penalty.features = &image->rating_features;
		image->rating_penalty.gram = square;
		image->rating_prior.noise_precision = header->rating_noise_precision;
		image->rating_unknown_spread = header->rating_unknown_spread;
	}

	image->has_purchases = store_has_purchases(header);
	image->purchase_origin = header->purchase_origin;
	image->purchase_half_life = header->purchase_half_life;
	image->neighbours.rows = measures[NEIGHBOUR_PRODUCTS];
	image->neighbours.width = (int) measures[NEIGHBOUR_WIDTH];
	image->purchase_penalty.unobserved = header->purchase_unobserved;
	image->purchase_penalty.factor = header->purchase_penalty;
	image->repeat = header->repeat;
	if (measures[PURCHASE_PRODUCTS] > 0)
		image->purchase_products = matrix_of(&image->purchase_products, header->products,
											 measures[PURCHASE_WIDTH]);
	image->factor_weight = header->factor_weight;
	image->purchase_scan.rows = measures[PURCHASE_PLACES] > 0 ? header->products : 0;
	image->purchase_scan.width = measures[PURCHASE_STRIDE];
}

/* ---- making a block ---- */

/* Decides how products are found: needs their ids. */
static void
plan_finder(BlockStart *start, const int64 *ids)
{
	int64		products = start->header.products;
	uint64		span;

	start->direct = true;
	start->slots = 0;
	if (products == 0)
		return;
	span = (uint64) ids[products - 1] - (uint64) ids[0];
	if (span < (uint64) products * MAX_SLOTS_PER_PRODUCT)
		start->slots = span + 1;
	else
	{
		start->direct = false;
		start->slots = 2;
		while (start->slots < (uint64) products * 2)
			start->slots *= 2;
	}
}

/* The slot where the search for an id begins; may be beyond the last if direct. */
static inline uint64
first_slot(const Image *image, int64 id)
{
	return image->finder.direct ? (uint64) id - (uint64) image->product_ids[0]
		: random_mix((uint64) id) & (image->finder.slots - 1);
}

static void
make_finder(Image *image)
{
	uint32	   *slots = image->finder.slot;

	memset(slots, 0, image->finder.slots * sizeof(uint32));
	for (int64 number = 0; number < image->products; number++)
	{
		uint64		slot = first_slot(image, image->product_ids[number]);

		while (slots[slot] != 0)
			slot = (slot + 1) & (image->finder.slots - 1);
		slots[slot] = (uint32) number + 1;
	}
}

/* The number of a product, or -1 if the model does not know it. */
int64
image_product(const Image *image, int64 id)
{
	const ProductFinder *finder = &image->finder;
	uint64		slot;

	if (image->products == 0)
		return -1;
	slot = first_slot(image, id);
	if (finder->direct)
		return slot < finder->slots ? (int64) finder->slot[slot] - 1 : -1;
	while (finder->slot[slot] != 0)
	{
		int64		number = (int64) finder->slot[slot] - 1;

		if (image->product_ids[number] == id)
			return number;
		slot = (slot + 1) & (finder->slots - 1);
	}
	return -1;
}

typedef struct Popular
{
	float		popularity;
	uint32		number;
} Popular;

static int
compare_popular(const void *a, const void *b)
{
	const Popular *x = a;
	const Popular *y = b;

	if (x->popularity != y->popularity)
		return x->popularity > y->popularity ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static void
order_by_popularity(Image *image, void *work)
{
	Popular    *popular = work;

	for (int64 i = 0; i < image->products; i++)
	{
		popular[i].popularity = image->popularity[i];
		popular[i].number = (uint32) i;
	}
	qsort(popular, image->products, sizeof(Popular), compare_popular);
	for (int64 i = 0; i < image->products; i++)
		image->by_popularity[i] = popular[i].number;
}

/* Fills a table for scanning, if this block has it. */
static void
make_scan(ScanSource source, void *work, ScanTable *table)
{
	int64		places = scan_padded(table->rows);

	if (table->rows == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	scan_order(&source, work);
	for (int64 place = 0; place < places; place += SCAN_FILL_PLACES)
	{
		CHECK_FOR_INTERRUPTS();
		scan_fill(&source, work, place, Min(SCAN_FILL_PLACES, places - place), table);
	}
}

/* Reads the arrays that are in the store into their places. */
static void
read_arrays(Image *image, const int64 *measures)
{
	for (int i = 0; i < lengthof(arrays); i++)
	{
		const BlockArray *array = &arrays[i];
		int64		rows = measures[array->rows];
		Size		row_size = measures[array->columns] * array->element;
		Size		row_stride = array_columns(array, measures) * array->element;
		void	   *data = *(void **) ((char *) image + array->pointer);

		if (array->stored == MADE_HERE || rows == 0 || row_size == 0)
			continue;
		store_read(&image->uuid, array->stored, data, rows, row_size, row_stride);
	}
}

/* A block in this backend's own memory, made from the store; describes it. */
static ShareHeader *
make_block(Image *image, const Model *model)
{
	BlockStart	start = {{0}};
	int64		measures[MEASURES];
	int64	   *ids;
	Budget		budget;
	char	   *block;
	Size		size;
	Size		work_size;
	void	   *work;

	budget_init(&budget, image->context);
	store_read_header(&image->uuid, model->name, model->version, &start.header);
	ids = store_read_ids(&image->uuid, STORE_PRODUCT_ID, start.header.products, &budget);
	plan_finder(&start, ids);
	budget_free(&budget, ids, start.header.products, sizeof(int64));

	measure(&start, image->personal, measures);
	size = place_arrays(image, NULL, measures);
	block = budget_alloc(&budget, size + ALIGNMENT, 1);
	block = (char *) TYPEALIGN(ALIGNMENT, block);
	/* others will see what stands between the arrays, too */
	memset(block, 0, size);
	start.shared.size = size;
	start.shared.checked = sizeof(BlockStart);
	memcpy(block, &start, sizeof(start));
	describe(image, block);
	read_arrays(image, measures);

	work_size = Max(Max(image->products * sizeof(Popular),
						image->rating_products.stride * sizeof(double)),
					scan_work_size(image->products, Max(image->rating_products.stride,
														image->purchase_products.stride)));
	work = budget_alloc(&budget, work_size, 1);
	make_finder(image);
	order_by_popularity(image, work);
	/* what can be said of a product of which nothing is known */
	if (image->is_bayes)
	{
		int			stride = image->rating_products.stride;

		memcpy(image->rating_unknown, image->rating_mean + (stride + 1) * stride,
			   stride * sizeof(float));
	}
	else if (image->has_ratings)
		factor_average(&image->rating_products, work, image->rating_unknown);
	make_scan((ScanSource) {&image->rating_products, SVD_CLIENT_BIAS, image->rating_spread,
			  SVD_PRODUCT_BIAS}, work, &image->rating_scan);
	make_scan((ScanSource) {&image->purchase_products, -1}, work, &image->purchase_scan);
	budget_free(&budget, work, work_size, 1);
	return &((BlockStart *) block)->shared;
}

/* ---- the images of this backend ---- */

static void
detach(void *image)
{
	if (((Image *) image)->shared)
		share_detach(((Image *) image)->shared);
}

/* An image that has no arrays yet; its context is a child of the current one. */
static Image *
new_image(const Model *model)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "reco model image",
												  ALLOCSET_SMALL_SIZES);
	Image	   *image = MemoryContextAllocZero(context, sizeof(Image));
	MemoryContextCallback *callback = MemoryContextAlloc(context, sizeof(MemoryContextCallback));

	image->model = model->id;
	image->uuid = model->uuid;
	image->personal = model->active;
	image->context = context;
	callback->func = detach;
	callback->arg = image;
	MemoryContextRegisterResetCallback(context, callback);
	return image;
}

/* Has the image use a shared block, or none if that is laid out otherwise. */
static void
use_shared(Image *image, ShareHeader *shared)
{
	int64		measures[MEASURES];

	measure((const BlockStart *) shared, image->personal, measures);
	if (shared->checked != sizeof(BlockStart) ||
		shared->size != place_arrays(image, NULL, measures))
	{
		share_detach(shared);
		return;
	}
	image->shared = shared;
	describe(image, (char *) shared);
}

static Statement serving_versions = {
	"SELECT v.uuid FROM reco.model m JOIN reco.model_version v ON v.model = m.name"
	" WHERE v.active OR v.version = m.last_version", NULL
};

/* Sweeps away what serves no more, as of now, whatever the caller's snapshot. */
static void
sweep(const Image *image)
{
	pg_uuid_t  *wanted;
	int			count;
	Scope		scope;

	PushActiveSnapshot(GetLatestSnapshot());
	scope_begin_engine(&scope);
	count = statement_run(&serving_versions, 0, NULL, NULL, NULL, true, 0);
	wanted = palloc((count + 1) * sizeof(pg_uuid_t));
	for (int i = 0; i < count; i++)
	{
		bool		isnull;

		wanted[i] = *DatumGetUUIDP(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1,
												 &isnull));
	}
	wanted[count] = image->uuid;
	share_sweep(wanted, count + 1);
	scope_end(&scope);
	PopActiveSnapshot();
}

/* The image of the version that the model's lookup found. */
static Image *
load_image(const Model *model)
{
	int32		kind = model->active;
	Image	   *image = new_image(model);
	ShareHeader *shared = share_attach(&model->uuid, kind);
	ShareMaking making = {.file = -1};

	if (!shared)
		shared = share_start(&making, &model->uuid, kind);
	if (shared)
		use_shared(image, shared);
	if (!image->shared)
	{
		Image	   *own = image;

		shared = share_finish(&making, make_block(own, model));
		image = new_image(model);
		if (shared)
			use_shared(image, shared);
		if (image->shared)
		{
			MemoryContextDelete(own->context);
			sweep(image);
		}
		else
		{
			MemoryContextDelete(image->context);
			image = own;
		}
	}
	/* whole: from here on it outlives the statement */
	MemoryContextSetParent(image->context, CacheMemoryContext);
	return image;
}

/* Takes an image from the cache; whoever still uses it may go on. */
static void
forget_image(CachedImage *cached)
{
	Image	   *image = cached->image;

	dlist_delete(&cached->node);
	cached_images--;
	pfree(cached);
	image->current = false;
	if (image->pins == 0)
		MemoryContextDelete(image->context);
}

/* Lets go of what others have swept away. */
static void
forget_swept_images(void)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &cache)
	{
		CachedImage *cached = dlist_container(CachedImage, node, iter.cur);
		const Image *image = cached->image;

		if (image->shared && !share_exists(&image->uuid, image->personal))
			forget_image(cached);
	}
}

/*
 * The image of the version that serves the model, to be unpinned.  Errors:
 * object_not_in_prerequisite_state if it was never trained, data_corrupted.
 */
Image *
image_pin(const Model *model)
{
	dlist_mutable_iter iter;
	CachedImage *cached;
	Image	   *image;

	model_check_trained(model);
	dlist_foreach_modify(iter, &cache)
	{
		cached = dlist_container(CachedImage, node, iter.cur);
		image = cached->image;
		if (image->model != model->id)
			continue;
		if (image->personal == model->active &&
			memcmp(&image->uuid, &model->uuid, sizeof(pg_uuid_t)) == 0)
		{
			image->pins++;
			dlist_move_head(&cache, iter.cur);
			return image;
		}
		/* another version serves now, or again */
		forget_image(cached);
	}
	forget_swept_images();
	if (cached_images >= MAX_IMAGES)
		forget_image(dlist_tail_element(CachedImage, node, &cache));
	image = load_image(model);
	cached = MemoryContextAlloc(CacheMemoryContext, sizeof(CachedImage));
	cached->image = image;
	dlist_push_head(&cache, &cached->node);
	cached_images++;
	image->current = true;
	image->pins = 1;
	return image;
}

void
image_unpin(Image *image)
{
	if (--image->pins == 0 && !image->current)
		MemoryContextDelete(image->context);
}

/* ---- the clients' side ---- */

int64 *
image_read_client_ids(const Image *image, Budget *budget)
{
	return store_read_ids(&image->uuid, STORE_CLIENT_ID, image->clients, budget);
}

/* Of the purchases, or of the ratings where there are no purchases. */
FactorMatrix
image_read_client_factors(const Image *image, Budget *budget)
{
	bool		purchases = image->has_purchases;

	return store_read_factors(&image->uuid, purchases ? STORE_PURCHASE_CLIENTS : STORE_RATING_CLIENTS,
							  image->clients, purchases ? image->purchase_products.width
							  : image->rating_products.width, budget);
}
