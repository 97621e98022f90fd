/*
 * Which arguments of ps a client may choose in containers.top.
 */
#ifndef SOCKADE_POLICY_PS_ARGS_H
#define SOCKADE_POLICY_PS_ARGS_H

#include "sockade/slice.h"

bool ps_args_are_harmless(struct slice args);

#endif
