/*
 * logistic.c - chances learnt from what happened
 */
#include "logistic.h"

#include <math.h>
#include <string.h>

#define MAX_STEPS 30
#define SMALL_STEP 1e-6

/* The chance of log odds; never 0 or 1 for odds that are a number. */
double
logistic(double odds)
{
	return odds < 0 ? exp(fmax(odds, -700)) / (1 + exp(fmax(odds, -700))) : 1 / (1 + exp(-odds));
}

/* Solves a x = b for a positive definite a, which is destroyed; x replaces b. */
static void
solve_small(double a[][LOGISTIC_MAX_WIDTH], int width, double *b)
{
	for (int i = 0; i < width; i++)
	{
		for (int j = 0; j <= i; j++)
		{
			double		sum = a[i][j];

			for (int k = 0; k < j; k++)
				sum -= a[i][k] * a[j][k];
			a[i][j] = i == j ? sqrt(sum) : sum / a[j][j];
		}
		for (int k = 0; k < i; k++)
			b[i] -= a[i][k] * b[k];
		b[i] /= a[i][i];
	}
	for (int i = width - 1; i >= 0; i--)
	{
		for (int k = i + 1; k < width; k++)
			b[i] -= a[k][i] * b[k];
		b[i] /= a[i][i];
	}
}

/* Minus the log of the posterior, and a Newton step from here. */
static double
newton_step(const float *rows, int width, const bool *happened, int64_t count,
			const LogisticPrior *prior, const double *weights, double *step)
{
	double		matrix[LOGISTIC_MAX_WIDTH][LOGISTIC_MAX_WIDTH];
	double		loss = 0;

	memset(matrix, 0, sizeof(matrix));
	for (int i = 0; i < width; i++)
	{
		double		off = weights[i] - prior[i].mean;

		matrix[i][i] = prior[i].precision;
		step[i] = -prior[i].precision * off;
		loss += prior[i].precision * off * off / 2;
	}
	for (int64_t r = 0; r < count; r++)
	{
		const float *row = rows + r * width;
		double		odds = 0;
		double		chance;

		for (int i = 0; i < width; i++)
			odds += weights[i] * row[i];
		chance = logistic(odds);
		loss += (odds > 0 ? log1p(exp(-odds)) : log1p(exp(odds)) - odds) + (happened[r] ? 0 : odds);
		for (int i = 0; i < width; i++)
		{
			step[i] += ((happened[r] ? 1 : 0) - chance) * row[i];
			for (int j = 0; j <= i; j++)
				matrix[i][j] += chance * (1 - chance) * row[i] * row[j];
		}
	}
	solve_small(matrix, width, step);
	return loss;
}

/*
 * Logistic regression: the weights with the greatest posterior, by Newton's
 * method with halved steps.  rows has count rows of width numbers, a 1 among
 * them where a constant is wanted; every prior has a precision above zero, so
 * that there is an answer for any rows, none included.
 */
void
logistic_fit(const float *rows, int width, const bool *happened, int64_t count,
			 const LogisticPrior *prior, double *weights)
{
	double		step[LOGISTIC_MAX_WIDTH];
	double		loss;

	for (int i = 0; i < width; i++)
		weights[i] = prior[i].mean;
	loss = newton_step(rows, width, happened, count, prior, weights, step);
	for (int n = 0; n < MAX_STEPS; n++)
	{
		double		next[LOGISTIC_MAX_WIDTH];
		double		next_step[LOGISTIC_MAX_WIDTH];
		double		largest = 0;
		double		next_loss;

		for (int i = 0; i < width; i++)
		{
			next[i] = weights[i] + step[i];
			largest = fmax(largest, fabs(step[i]));
		}
		if (largest < SMALL_STEP)
			return;
		next_loss = newton_step(rows, width, happened, count, prior, next, next_step);
		if (!(next_loss <= loss))
		{
			for (int i = 0; i < width; i++)
				step[i] /= 2;
			continue;
		}
		loss = next_loss;
		memcpy(weights, next, width * sizeof(double));
		memcpy(step, next_step, width * sizeof(double));
	}
}
