/* Text for lines of decisions: numbers, and strings as JSON has them. No Python here. Who calls has made room. */

#ifndef SIPEDGE_QUOTING_H
#define SIPEDGE_QUOTING_H

#include "../../sip/native/head.h"

/* Each gives the place behind what it has written. */
char *write_span(char *to, struct span span);
char *write_number(char *to, unsigned long long number);
/* As many digits as are asked for. */
char *write_digits(char *to, unsigned long long number, int digits);

/* Seconds that are usual, in microseconds with a point in front of the last ``digits``, of which ``unit`` is the power. */
int is_usual_time(double seconds);
char *write_time(char *to, double seconds, unsigned long long unit, int digits);

/* Whether a header line has line ends in it, or at its end. */
int is_folded(struct span line);

/* NULL for what Python has to write: control characters, and all that is not ASCII. At most twice as long, and two. */
char *write_quoted(char *to, struct span value);

#endif
