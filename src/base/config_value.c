/* config_value.c - the notations of option values; see config.h. */
#include <stdio.h>

#include "src/base/config_impl.h"

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit size_units[] = {
    {"", 1}, {"k", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {NULL, 0}};
static const struct unit duration_units[] = {{"ms", 1},       {"s", 1000},
                                             {"m", 60000},    {"h", 3600000},
                                             {"d", 86400000}, {NULL, 0}};

/* The longest run of decimal digits at *text as a number, advancing *text;
 * false if there is none or it overflows int64_t. */
static bool
parse_digits(const char **text, int64_t *out)
{
    const char *p = *text;
    int64_t n = 0;

    while (*p >= '0' && *p <= '9') {
        if (__builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, *p - '0', &n))
            return false;
        p++;
    }
    if (p == *text)
        return false;
    *text = p;
    *out = n;
    return true;
}

static void
bounds(const struct gv_config_option *option, int64_t *min, int64_t *max)
{
    bool unbounded = option->min == 0 && option->max == 0;

    *min = option->min;
    *max = option->max;
    if (unbounded) {
        *min = option->type == GV_CONFIG_INT ? INT64_MIN : 0;
        *max = INT64_MAX;
    }
}

/* The largest unit that leaves no remainder: 5000 is 5s. */
static void
print_unit(int64_t n, const struct unit *units, char *out, size_t room)
{
    const struct unit *best = &units[0];

    for (const struct unit *u = units; u->name != NULL; u++) {
        if (n != 0 && n % u->factor == 0)
            best = u;
    }
    snprintf(out, room, "%lld%s", (long long)(n / best->factor), best->name);
}

static void
describe_units(const struct gv_config_option *option, const char *what,
               const struct unit *units, char out[CONFIG_EXPECTED_MAX])
{
    char low[32], high[32];
    int64_t min, max;

    bounds(option, &min, &max);
    print_unit(min, units, low, sizeof(low));
    print_unit(max, units, high, sizeof(high));
    if (max == INT64_MAX)
        snprintf(out, CONFIG_EXPECTED_MAX, "%s of %s or more", what, low);
    else
        snprintf(out, CONFIG_EXPECTED_MAX, "%s from %s to %s", what, low, high);
}

static void
describe_int(const struct gv_config_option *option,
             char out[CONFIG_EXPECTED_MAX])
{
    int64_t min, max;

    bounds(option, &min, &max);
    if (min == INT64_MIN && max == INT64_MAX)
        snprintf(out, CONFIG_EXPECTED_MAX, "a number");
    else
        snprintf(out, CONFIG_EXPECTED_MAX, "a number from %lld to %lld",
                 (long long)min, (long long)max);
}

void
config_describe(const struct gv_config_option *option,
                char out[CONFIG_EXPECTED_MAX])
{
    switch (option->type) {
    case GV_CONFIG_STRING:
    case GV_CONFIG_LIST:
        snprintf(out, CONFIG_EXPECTED_MAX, "a text");
        break;
    case GV_CONFIG_INT:
        describe_int(option, out);
        break;
    case GV_CONFIG_BOOL:
        snprintf(out, CONFIG_EXPECTED_MAX, "yes or no");
        break;
    case GV_CONFIG_ENUM:
        snprintf(out, CONFIG_EXPECTED_MAX, "one of %s", option->choices);
        break;
    case GV_CONFIG_SIZE:
        describe_units(option, "a size (bytes, or with k M G)", size_units,
                       out);
        break;
    case GV_CONFIG_DURATION:
        describe_units(option, "a duration (with ms s m h d)", duration_units,
                       out);
        break;
    }
}

static bool
parse_int(const char *text, int64_t *out)
{
    bool negative = *text == '-';

    text += negative;
    if (!parse_digits(&text, out) || *text != '\0')
        return false;
    if (negative)
        *out = -*out;
    return true;
}

static bool
parse_bool(const char *text, int64_t *out)
{
    static const char *const words[] = {"0",  "1",   "false", "true",
                                        "no", "yes", "off",   "on"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = (int64_t)(i % 2);
            return true;
        }
    }
    return false;
}

static bool
parse_enum(const char *choices, const char *text, int64_t *out)
{
    size_t len = strlen(text);

    for (int64_t i = 0;; i++) {
        size_t n = strcspn(choices, "|");

        if (n == len && memcmp(choices, text, n) == 0) {
            *out = i;
            return true;
        }
        if (choices[n] == '\0')
            return false;
        choices += n + 1;
    }
}

static bool
parse_unit(const char *text, const struct unit *units, int64_t *out)
{
    if (!parse_digits(&text, out))
        return false;
    if (*out == 0 && *text == '\0')
        return true;
    for (; units->name != NULL; units++) {
        if (strcmp(text, units->name) == 0)
            return !__builtin_mul_overflow(*out, units->factor, out);
    }
    return false;
}

bool
config_parse_value(const struct gv_config_option *option, const char *text,
                   int64_t *number, char expected[CONFIG_EXPECTED_MAX])
{
    int64_t min, max, n = 0;
    bool good = true;

    bounds(option, &min, &max);
    switch (option->type) {
    case GV_CONFIG_STRING:
    case GV_CONFIG_LIST:
        return true;
    case GV_CONFIG_INT:
        good = parse_int(text, &n) && n >= min && n <= max;
        break;
    case GV_CONFIG_BOOL:
        good = parse_bool(text, &n);
        break;
    case GV_CONFIG_ENUM:
        good = parse_enum(option->choices, text, &n);
        break;
    case GV_CONFIG_SIZE:
        good = parse_unit(text, size_units, &n) && n >= min && n <= max;
        break;
    case GV_CONFIG_DURATION:
        good = parse_unit(text, duration_units, &n) && n >= min && n <= max;
        break;
    }
    if (good)
        *number = n;
    else
        config_describe(option, expected);
    return good;
}
