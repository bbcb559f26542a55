/*
 * quantile.c - the quantile of a negative binomial distribution
 *
 * Shops ask it for demands between a unit a year and millions a week, with
 * any spread.  Small means add up probabilities from zero on.  Others start
 * from a guess, whose probability the incomplete beta and gamma functions
 * tell, and add up from there; should that be too far, they halve an
 * interval.  Large ones take a continuous approximation, where one unit more
 * or less does not matter.  Every loop has a bound.
 */
#include <float.h>
#include <math.h>

#include "quantile.h"

#define SMALL_MEAN 50.0
#define MAX_STEPS 4096
#define LARGE_MEAN 1e6			/* one unit more or less does not matter */
#define LARGE_SHAPE 1e4			/* nearly normal */
#define MAX_ITERATIONS 100000

/* The normal quantile: Acklam's rational functions, relative error 1e-9. */
static double
normal_quantile(double p)
{
	static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,
		-2.759285104469687e+02, 1.383577518672690e+02,
	-3.066479806614716e+01, 2.506628277459239e+00};
	static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,
	-1.556989798598866e+02, 6.680131188771972e+01, -1.328068155288572e+01};
	static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01,
		-2.400758277161838e+00, -2.549732539343734e+00,
	4.374664141464968e+00, 2.938163982698783e+00};
	static const double d[] = {7.784695709041462e-03, 3.224671290700398e-01,
	2.445134137142996e+00, 3.754408661907416e+00};
	double		tail = fmin(p, 1 - p);
	double		q;
	double		r;

	if (tail < 0.02425)
	{
		q = sqrt(-2 * log(tail));
		q = (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
			((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
		return p < 0.5 ? q : -q;
	}
	q = p - 0.5;
	r = q * q;
	return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
		(((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
}

/* Regularized lower incomplete gamma function P(a, x). */
static double
gamma_below(double a, double x)
{
	double		scale = exp(a * log(x) - x - lgamma(a));

	if (x < a + 1)
	{
		double		term = 1 / a;
		double		sum = term;

		for (int i = 1; i < MAX_ITERATIONS && term > sum * DBL_EPSILON; i++)
		{
			term *= x / (a + i);
			sum += term;
		}
		return sum * scale;
	}
	else
	{
		double		b = x + 1 - a;
		double		c = 1 / DBL_MIN;
		double		d = 1 / b;
		double		fraction = d;

		for (int i = 1; i < MAX_ITERATIONS; i++)
		{
			double		step = i * (a - i);
			double		change;

			b += 2;
			d = step * d + b;
			d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
			c = b + step / c;
			if (fabs(c) < DBL_MIN)
				c = DBL_MIN;
			change = c * d;
			fraction *= change;
			if (fabs(change - 1) <= DBL_EPSILON)
				break;
		}
		return 1 - scale * fraction;
	}
}

/* The continued fraction of the incomplete beta function, by Lentz. */
static double
beta_fraction(double a, double b, double x)
{
	double		c = 1;
	double		d = 1 - (a + b) * x / (a + 1);
	double		fraction;

	d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
	fraction = d;
	for (int i = 1; i < MAX_ITERATIONS; i++)
	{
		double		even = i * (b - i) * x / ((a + 2 * i - 1) * (a + 2 * i));
		double		odd = -(a + i) * (a + b + i) * x / ((a + 2 * i) * (a + 2 * i + 1));
		double		change;

		d = 1 + even * d;
		d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
		c = 1 + even / c;
		if (fabs(c) < DBL_MIN)
			c = DBL_MIN;
		fraction *= c * d;
		d = 1 + odd * d;
		d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
		c = 1 + odd / c;
		if (fabs(c) < DBL_MIN)
			c = DBL_MIN;
		change = c * d;
		fraction *= change;
		if (fabs(change - 1) <= DBL_EPSILON)
			break;
	}
	return fraction;
}

/* Regularized incomplete beta function I_x(a, b); complement is 1 - x. */
static double
beta_below(double a, double b, double x, double complement)
{
	double		scale = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(complement));

	if (x < (a + 1) / (a + b + 2))
		return scale * beta_fraction(a, b, x) / a;
	return 1 - scale * beta_fraction(b, a, complement) / b;
}

/* A negative binomial distribution; its shape is infinite for Poisson's. */
typedef struct Distribution
{
	double		mean;
	double		variance;
	double		shape;
} Distribution;

/* The chance of n or less. */
static double
chance_up_to(const Distribution *d, double n)
{
	if (isinf(d->shape))
		return 1 - gamma_below(n + 1, d->mean);
	return beta_below(d->shape, n + 1, d->mean / d->variance,
					  (d->variance - d->mean) / d->variance);
}

/* The chance of n + 1, as a multiple of that of n. */
static inline double
next_chance(const Distribution *d, double n)
{
	return (isinf(d->shape) ? d->mean : (d->shape + n) * (d->variance - d->mean) / d->variance) / (n + 1);
}

/* Adds up probabilities from 0 on; -1 if that takes too many. */
static double
quantile_from_zero(const Distribution *d, double probability)
{
	double		chance = isinf(d->shape) ? exp(-d->mean)
		: exp(d->shape * log(d->mean / d->variance));
	double		sum = chance;

	for (int n = 0; n < MAX_STEPS; n++)
	{
		if (sum >= probability)
			return n;
		chance *= next_chance(d, n);
		sum += chance;
	}
	return -1;
}

/* The chance of exactly n. */
static double
chance_of(const Distribution *d, double n)
{
	if (isinf(d->shape))
		return exp(n * log(d->mean) - d->mean - lgamma(n + 1));
	return exp(lgamma(n + d->shape) - lgamma(d->shape) - lgamma(n + 1) +
			   d->shape * log(d->mean / d->variance) + n * log((d->variance - d->mean) / d->variance));
}

/* Adds up or takes off probabilities from a guess on; -1 if that takes too many. */
static double
quantile_from_guess(const Distribution *d, double probability, double n)
{
	double		chance = chance_of(d, n);
	double		sum = chance_up_to(d, n);

	for (int i = 0; i < MAX_STEPS; i++)
	{
		if (sum < probability)
		{
			chance *= next_chance(d, n);
			sum += chance;
			n++;
			if (sum >= probability)
				return n;
		}
		else
		{
			if (n == 0 || sum - chance < probability)
				return n;
			sum -= chance;
			n--;
			chance /= next_chance(d, n);
		}
	}
	return -1;
}

/* Halves the interval that holds the quantile. */
static double
quantile_by_bisection(const Distribution *d, double probability)
{
	double		low = -1;		/* its chance is below the probability */
	double		high = ceil(d->mean + 4 * sqrt(d->variance));

	for (int i = 0; i < 64 && chance_up_to(d, high) < probability; i++)
	{
		low = high;
		high *= 2;
	}
	while (high - low > 1)
	{
		double		middle = floor(low + (high - low) / 2);

		if (middle <= low || middle >= high)
			break;				/* neighbours among floating-point numbers */
		if (chance_up_to(d, middle) < probability)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/*
 * The normal quantile, corrected for skewness and kurtosis (Cornish and
 * Fisher).
 */
static double
nearly_normal_quantile(const Distribution *d, double probability)
{
	double		z = normal_quantile(probability);
	double		sd = sqrt(d->variance);
	double		skewness = (2 * d->variance / d->mean - 1) / sd;
	double		kurtosis = 6 / d->shape + 1 / d->variance;

	z += (z * z - 1) * skewness / 6 + (z * z * z - 3 * z) * kurtosis / 24 -
		(2 * z * z * z - 5 * z) * skewness * skewness / 36;
	return fmax(ceil(d->mean + z * sd), 0);
}

/* Large numbers: a gamma distribution of the same shape, unless that is nearly normal. */
static double
quantile_of_large(const Distribution *d, double probability)
{
	if (d->shape <= LARGE_SHAPE)
	{
		double		scale = (d->variance - d->mean) / d->mean;
		double		low = 0;
		double		high = d->shape + 1;

		for (int i = 0; i < 64 && gamma_below(d->shape, high) < probability; i++)
			high *= 2;
		for (int i = 0; i < 64; i++)
		{
			double		middle = (low + high) / 2;

			if (gamma_below(d->shape, middle) < probability)
				low = middle;
			else
				high = middle;
		}
		return ceil(high * scale);
	}
	return nearly_normal_quantile(d, probability);
}

/*
 * The least whole number that a demand of this mean and variance does not
 * exceed with the given probability (above 0, below 1).  Poisson if the
 * variance is not above the mean.
 */
double
demand_quantile(double probability, double mean, double variance)
{
	Distribution d = {mean, variance, INFINITY};
	double		quantile = -1;

	if (!(mean > 0))
		return 0;
	if (variance > mean)
		d.shape = mean * (mean / (variance - mean));
	/* hardly more spread than Poisson's: the same, without loss of digits */
	if (d.shape > mean * 1e8)
	{
		d.shape = INFINITY;
		d.variance = mean;
	}
	if (mean <= SMALL_MEAN)
		quantile = quantile_from_zero(&d, probability);
	else if (!isinf(d.shape) && exp(d.shape * log(mean / variance)) >= probability)
		return 0;				/* so wide that most of it is there */
	else if (mean > LARGE_MEAN)
		return quantile_of_large(&d, probability);
	else
		quantile = quantile_from_guess(&d, probability, nearly_normal_quantile(&d, probability));
	return quantile >= 0 ? quantile : quantile_by_bisection(&d, probability);
}
