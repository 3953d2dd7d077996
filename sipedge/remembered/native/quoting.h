/* Text for lines of decisions: numbers, and strings as JSON has them. No Python here. Who calls has made room. */

#ifndef SIPEDGE_QUOTING_H
#define SIPEDGE_QUOTING_H

#include "../../sip/native/head.h"

/* Each gives the place behind what it has written. */
char *write_span(char *to, struct span span);
char *write_number(char *to, unsigned long long number);
/* As many digits as are asked for. */
char *write_digits(char *to, unsigned long long number, int digits);

/* NULL for what Python has to write: control characters, and all that is not ASCII. At most twice as long, and two. */
char *write_quoted(char *to, struct span value);

#endif
