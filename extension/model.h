/*
 * model.h - the definition of a model, and which version of it serves
 */
#ifndef RECO_MODEL_H
#define RECO_MODEL_H

#include "options.h"

#include "storage/lock.h"
#include "utils/uuid.h"

/* The queries of a model. */
typedef enum SourceKind
{
	SOURCE_RATINGS,
	SOURCE_PURCHASES,
	SOURCE_CANDIDATES
} SourceKind;

#define SOURCE_KINDS 3

typedef struct Model
{
	int32		id;
	char	   *name;
	Oid			owner;
	bool		as_owner;		/* queries run as the owner: the model is being
								 * trained, or counted for its owner */
	char	   *queries[SOURCE_KINDS];	/* fully qualified; NULL if not given */
	bool		has_surplus;	/* candidates tells how much is too much */
	ModelOptions options;

	/* the active version, else the newest, else 0 */
	int32		version;
	pg_uuid_t	uuid;
	bool		active;
} Model;

extern const char *const source_names[SOURCE_KINDS];

extern Model *model_get(const char *name);
extern const char *model_name_or_default(const char *name);
extern void model_check_owner(const Model *model);
extern void model_check_trained(const Model *model);
extern void model_lock_tag(int32 id, LOCKTAG *tag);
extern Model *model_get_to_change(const char *name, const char *function);

#endif							/* RECO_MODEL_H */
