/*
 * A fuzzer for machines without libFuzzer: changes good inputs at random, but the same way each time.
 *
 *   mutate SECONDS SEED
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_SIZE 4096

/* Inputs that are as they should be; the first byte is the parser's number. */
static const char *const seeds[] = {
	"\0q=riz+blanc&category=3&price=12%2C5&name=%C3%A9t%C3%A9&q=",
	"\1sid=0123456789abcdef0123456789abcdef; lang=fr; __Host-sid=x; a=\"b\"",
	"\2fr-CD,fr;q=0.9,en;q=0.8,sw;q=0.7,*;q=0.1",
	"\3--B\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nabc\r\n--B\r\nContent-Disposition: form-data;"
	" name=\"picture\"; filename=\"a;\\\"b.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\xFF\xD8\xFF\xE0\r\n--B--\r\n",
	"\4multipart/form-data; boundary=\"xyz\"\n--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--xyz--",
	"\5<a href=\"x\" title='y'>&amp;\n=1+1;@-5\t\"",
	"\6\x89PNG\r\n\x1A\n----IHDR--------\x08\x02",
	"\7Nom;Prix\r\n\"a;\"\"b\";1,5\r\nc;\xE9t\xE9\n",
};
static const size_t seed_sizes[] = {58, 67, 41, 174, 96, 39, 27, 30};

static uint64_t state;

/* The next of the random numbers. */
static uint32_t
next(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t) (state >> 33) % below;
}

/* Changes a few places of an input: a byte, a bit, a sign that matters, a piece doubled or cut out. */
static size_t
change(uint8_t *data, size_t size)
{
	static const char signs[] = "%&=;,\"\\\r\n-+<>\0\xFF\xC3\xE2 :q";

	for (uint32_t n = 1 + next(8); n > 0 && size > 1; n--)
	{
		size_t		at = 1 + next((uint32_t) size - 1);
		size_t		len = 1 + next(24);

		switch (next(5))
		{
			case 0:
				data[at] = (uint8_t) next(256);
				break;
			case 1:
				data[at] ^= (uint8_t) (1 << next(8));
				break;
			case 2:
				data[at] = (uint8_t) signs[next(sizeof(signs))];
				break;
			case 3:
				if (size + len <= MAX_SIZE && at + len <= size)
				{
					memmove(data + at + len, data + at, size - at);
					size += len;
				}
				break;
			case 4:
				if (at + len < size)
				{
					memmove(data + at, data + at + len, size - at - len);
					size -= len;
				}
				break;
		}
	}
	return size;
}

int
main(int argc, char **argv)
{
	time_t		end = time(NULL) + (argc > 1 ? atol(argv[1]) : 5);
	uint8_t		data[MAX_SIZE];
	long		runs = 0;

	state = argc > 2 ? (uint64_t) atoll(argv[2]) : 1;
	while (time(NULL) < end)
	{
		for (int i = 0; i < 2000; i++)
		{
			uint32_t	seed = next(sizeof(seeds) / sizeof(seeds[0]));
			size_t		size = seed_sizes[seed];

			memcpy(data, seeds[seed], size);
			for (uint32_t n = next(6); n > 0; n--)
				size = change(data, size);
			LLVMFuzzerTestOneInput(data, size);
			runs++;
		}
	}
	printf("%ld inputs\n", runs);
	return 0;
}
