/*
 * image.c - a version of a model in memory, as serving needs it
 *
 * Built from the store at the first use in a backend and kept, one for each
 * model, in a memory context of its own.  It is named by the version's random
 * uuid, which the caller's snapshot tells: a new version, a rollback or a
 * standby that catches up need no message, the next statement simply sees
 * another uuid.  A version that is not active is loaded without its factors.
 * The images used last are kept, up to MAX_IMAGES.
 */
#include "image.h"

#include "lib/ilist.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define MAX_IMAGES 16

typedef struct CachedImage
{
	dlist_node	node;
	Image	   *image;
} CachedImage;

/* the one used last comes first */
static dlist_head cache = DLIST_STATIC_INIT(cache);
static int	cached_images = 0;

static void
free_image(Image *image)
{
	MemoryContextDelete(image->context);
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
		free_image(image);
}

static FactorMatrix
read_factors(const Image *image, StoreArray array, int64 rows, int width, Budget *budget)
{
	FactorMatrix m = {.rows = rows,.width = width,.stride = factor_stride(width)};

	m.data = budget_alloc(budget, rows, m.stride * sizeof(float));
	memset(m.data, 0, rows * m.stride * sizeof(float));
	store_read(&image->uuid, array, m.data, rows, width * sizeof(float), m.stride * sizeof(float));
	return m;
}

/* What folding a client in takes besides the products. */
static void
read_bayes(Image *image, const StoreHeader *header, Budget *budget)
{
	int			stride = factor_stride(header->rating_width);

	image->is_bayes = true;
	image->rating_features = read_factors(image, STORE_RATING_FEATURES, header->products,
										  header->rating_width, budget);
	image->rating_mean = budget_alloc(budget, stride + 1, stride * sizeof(float));
	store_read(&image->uuid, STORE_RATING_PRIOR, image->rating_mean, stride + 1,
			   stride * sizeof(float), stride * sizeof(float));
	image->rating_prior.precision = image->rating_mean + stride;
	image->rating_prior.noise_precision = header->rating_noise_precision;
	image->rating_spread = budget_alloc(budget, header->products, sizeof(float));
	store_read(&image->uuid, STORE_RATING_SPREAD, image->rating_spread, header->products,
			   sizeof(float), sizeof(float));
	image->rating_unknown_spread = header->rating_unknown_spread;
}

/* What can be said of a product of which nothing is known. */
static float *
average_row(const FactorMatrix *m, Budget *budget)
{
	float	   *average = budget_alloc(budget, m->stride, sizeof(float));

	for (int i = 0; i < m->stride; i++)
	{
		double		sum = 0;

		for (int64 row = 0; row < m->rows; row++)
			sum += factor_row(m, row)[i];
		average[i] = (float) (sum / m->rows);
	}
	return average;
}

static void
read_ratings(Image *image, const StoreHeader *header, Budget *budget)
{
	bool		baseline = !image->personal || header->rating_width == SVD_BIAS_COLUMNS;

	image->has_ratings = true;
	image->scale.mean = header->rating_mean;
	image->scale.deviation = header->rating_deviation;
	image->scale.lowest = header->rating_lowest;
	image->scale.highest = header->rating_highest;
	image->rating_penalty.factor = header->rating_penalty;
	image->rating_penalty.bias = baseline ? header->baseline_bias_penalty : header->rating_bias_penalty;
	image->rating_products =
		read_factors(image, baseline ? STORE_RATING_BASELINE : STORE_RATING_PRODUCTS,
					 header->products, baseline ? SVD_BIAS_COLUMNS : header->rating_width, budget);
	image->rating_unknown = average_row(&image->rating_products, budget);
	if (!baseline && header->rating_method == RATING_BAYES)
		read_bayes(image, header, budget);
}

static void
read_purchases(Image *image, const StoreHeader *header, Budget *budget)
{
	int			stride = factor_stride(header->purchase_width);

	image->has_purchases = true;
	image->purchase_penalty.unobserved = header->purchase_unobserved;
	image->purchase_penalty.factor = header->purchase_penalty;
	if (!image->personal)
		return;
	image->purchase_products = read_factors(image, STORE_PURCHASE_PRODUCTS, header->products,
											header->purchase_width, budget);
	image->purchase_gram = budget_alloc(budget, stride, stride * sizeof(float));
	store_read(&image->uuid, STORE_PURCHASE_GRAM, image->purchase_gram, stride,
			   stride * sizeof(float), stride * sizeof(float));
}

/* Reads the version that the model's lookup found. */
static Image *
load_image(const Model *model)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "reco model image",
												  ALLOCSET_DEFAULT_SIZES);
	Image	   *image = MemoryContextAllocZero(context, sizeof(Image));
	StoreHeader header;
	Budget		budget;

	budget_init(&budget, context);
	image->model = model->id;
	image->uuid = model->uuid;
	image->personal = model->active;
	image->context = context;
	store_read(&image->uuid, STORE_HEADER, &header, 1, sizeof(header), sizeof(header));
	if (header.format != STORE_FORMAT)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("version %d of model \"%s\" has format %d", model->version, model->name,
						header.format),
				 errdetail("This library reads format %d.", STORE_FORMAT),
				 errhint("Train the model again.")));
	image->clients = header.clients;
	image->products = header.products;
	image->product_ids = budget_alloc(&budget, header.products, sizeof(int64));
	store_read(&image->uuid, STORE_PRODUCT_ID, image->product_ids, header.products,
			   sizeof(int64), sizeof(int64));
	image->popularity = budget_alloc(&budget, header.products, sizeof(float));
	store_read(&image->uuid, STORE_POPULARITY, image->popularity, header.products,
			   sizeof(float), sizeof(float));
	if (header.rating_width > 0)
		read_ratings(image, &header, &budget);
	if (header.purchase_width > 0)
		read_purchases(image, &header, &budget);

	/* whole: from here on it outlives the statement */
	MemoryContextSetParent(context, CacheMemoryContext);
	return image;
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

	if (model->version == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has not been trained", model->name),
				 errhint("Train it with SELECT * FROM reco.train(%s).",
						 quote_literal_cstr(model->name))));
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
		free_image(image);
}

int64 *
image_read_client_ids(const Image *image, Budget *budget)
{
	int64	   *ids = budget_alloc(budget, image->clients, sizeof(int64));

	store_read(&image->uuid, STORE_CLIENT_ID, ids, image->clients, sizeof(int64), sizeof(int64));
	return ids;
}

/* Of the purchases, or of the ratings where there are no purchases. */
FactorMatrix
image_read_client_factors(const Image *image, Budget *budget)
{
	if (image->has_purchases)
		return read_factors(image, STORE_PURCHASE_CLIENTS, image->clients,
							image->purchase_products.width, budget);
	return read_factors(image, STORE_RATING_CLIENTS, image->clients,
						image->rating_products.width, budget);
}
