/*
 * What is taken for a credential, and what people have to be able to read.
 */
#include <criterion/criterion.h>

#include "docker/objects/secret.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

Test(secret, knows_names_by_their_words)
{
    static const char *const names[] = {
        "PASSWORD",
        "db_password",
        "PGPASSWORD",
        "MYSQL_ROOT_PASSWORD",
        "DB_PASS",
        "DBPASS",
        "MYSQL_PWD",
        "GITHUB_TOKEN",
        "githubToken",
        "CI_JOB_TOKENS",
        "API_KEY",
        "apiKey",
        "APIKEY",
        "x-api-key",
        "AWS_SECRET_KEY",
        "AWS_ACCESS_KEY_ID",
        "CLIENTSECRET",
        "auth",
        "REGISTRY_AUTH",
        "SSH_PRIVATE_KEY",
        "GOOGLE_CREDENTIALS",
        "SESSION_COOKIE",
        "SENTRY_DSN",
        "JWT",
        "PASSPHRASE",
        "Password1",
        "token2",
    };

    for (size_t i = 0; i < COUNT(names); i++) {
        cr_expect(secret_name(slice_from(names[i])), "%s", names[i]);
    }
}

Test(secret, leaves_other_names_alone)
{
    static const char *const names[] = {
        "PATH",     "PWD",    "OLDPWD",   "HOME", "KEYBOARD", "MONKEY",  "AUTHOR", "LANG",
        "TOKENIZE", "PASSED", "COMPOSER", "",     "_",        "VERSION", "SALTY",  "123",
    };

    for (size_t i = 0; i < COUNT(names); i++) {
        cr_expect_not(secret_name(slice_from(names[i])), "%s", names[i]);
    }
}

Test(secret, knows_values)
{
    static const char *const secrets[] = {
        "postgres://user:pw@db/x",
        "https://token@github.com/a",
        "see http://u:p@h",
        "-----BEGIN RSA PRIVATE KEY--",
        "ghp_0123",
        "glpat-0123",
        "eyJhbGciOi",
    };
    static const char *const others[] = {
        "",
        "/usr/bin:/bin",
        "http://host/a@b",
        "http://host?x=@",
        "user@host",
        "ghp_",
        "a://b",
        "://",
        "http://host#@",
        "AK",
    };

    for (size_t i = 0; i < COUNT(secrets); i++) {
        cr_expect(secret_value(slice_from(secrets[i])), "%s", secrets[i]);
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        cr_expect_not(secret_value(slice_from(others[i])), "%s", others[i]);
    }
}
