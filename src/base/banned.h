/*
 * Functions that have no place where bytes come from outside: using one does
 * not compile. Included last, after every system header.
 */
#ifndef SOCKADE_BASE_BANNED_H
#define SOCKADE_BASE_BANNED_H

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok strtok_r
#pragma GCC poison atoi atol atoll sscanf system popen tmpnam mktemp

#endif
