/* sanitized.h - whether the address sanitizer watches: it reserves address space without end, and
 * tells of deadly signals itself. */
#ifndef STORE_SANITIZED_H
#define STORE_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#endif
