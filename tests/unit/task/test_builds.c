#include "builds.h"
