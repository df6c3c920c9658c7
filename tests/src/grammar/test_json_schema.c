/* SPDX-License-Identifier: MIT
 *
 * JSON schemas: documents that fit and documents that do not, by the published meaning of each
 * keyword (json-schema.org, draft 2020-12, "Validation" and "Applicator").
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "grammar_texts.h"
#include "json_schema.h"

enum { MOST = 12 };

static const struct {
    const char *schema;
    const char *yes[MOST], *no[MOST];
} cases[] = {
    {"{'type':'boolean'}", {"true", "false"}, {"null", "0", "", " true", "true "}},
    {"{'type':['null','integer']}", {"null", "12", "-3", "0"}, {"01", "1.5", "''", "-"}},
    {"{'type':'number'}",
     {"0", "-1.5", "1e5", "1.25E-10", "123456789"},
     {".5", "1.", "+1", "1e", "0x1", "-", "00"}},
    {"{'type':'string'}",
     {"''", "'a b'", "'\\u00e9\\n\\''", "'\xC3\xA9\xF0\x9F\x98\x80'", "'\\\\'", "'\\u0001\\u0a00'"},
     {"'", "a", "'a\nb'", "'\\x'", "'\\'", "'\\u12'", "'\xC3'", "'\\ud800'", "'\\u0000'"}},
    {"{'type':'string','minLength':2,'maxLength':3}",
     {"'ab'", "'\xC3\xA9\xC3\xA9\xC3\xA9'", "'\\n\\n'"},
     {"''", "'a'", "'abcd'", "'\\n'"}},
    {"{'type':'string','minLength':1}", {"'a'", "'abc'"}, {"''"}},
    {"{'enum':['a',1,null,{'x':[1,2]},'\\'']}",
     {"'a'", "1", "null", "{'x':[1,2]}", "'\\''"},
     {"a", "2", "''"}},
    {"{'enum':['a',1,2.5],'type':'number'}", {"1", "2.5"}, {"'a'"}},
    {"{'const':'on'}", {"'on'"}, {"'off'", "on"}},
    {"{'type':'integer','minimum':7,'maximum':123}",
     {"7", "9", "10", "99", "100", "123"},
     {"6", "124", "200", "-7", "07", "1234"}},
    {"{'type':'integer','minimum':-15,'maximum':8}",
     {"-15", "-9", "-1", "0", "8"},
     {"-16", "9", "-20", "-0", "10"}},
    {"{'type':'integer','maximum':-5}", {"-5", "-10", "-123456"}, {"-4", "0", "5"}},
    {"{'type':'integer','exclusiveMinimum':0}", {"1", "10", "1000000"}, {"0", "-1"}},
    {"{'type':'integer','minimum':1.5,'exclusiveMaximum':4}", {"2", "3"}, {"1", "4"}},
    {"{'type':'integer','minimum':305,'maximum':309}",
     {"305", "309"},
     {"304", "310", "30", "3055"}},
    {"{'type':'integer','minimum':1989,'maximum':2011}",
     {"1989", "1990", "1999", "2000", "2009", "2010", "2011"},
     {"1988", "2012", "1900", "2100", "199"}},
    {"{'type':'number','minimum':0,'maximum':1}",
     {"0", "1", "0.5", "0.999", "0.0"},
     {"1.5", "-0.5", "2", "1.0001"}},
    {"{'type':'number','exclusiveMinimum':0,'maximum':2}",
     {"0.5", "1", "2", "0.001", "1.0"},
     {"0", "0.0", "2.5", "-1"}},
    {"{'type':'number','minimum':-2,'exclusiveMaximum':0}",
     {"-2", "-1.5", "-0.5", "-1"},
     {"0", "-2.5", "-0.0", "-3"}},
    {"{'type':'array','items':{'type':'integer'}}",
     {"[]", "[1]", "[1,2,3]", "[ 1, 2 ]", "[\n  1,\n  2\n]"},
     {"[", "[1,]", "['a']", "[1 2]", "1"}},
    {"{'type':'array','items':{'type':'null'},'minItems':1,'maxItems':2}",
     {"[null]", "[null,null]"},
     {"[]", "[null,null,null]"}},
    {"{'type':'array','maxItems':0}", {"[]"}, {"[1]"}},
    {"{'prefixItems':[{'const':1},{'type':'string'}],'items':false}",
     {"[1,'a']"},
     {"[1,2]", "['a',1]", "[1,'a',1]"}},
    {"{'prefixItems':[{'const':1}],'items':{'type':'null'}}", {"[1]", "[1,null,null]"}, {"[1,1]"}},
    {"{'type':'object'}",
     {"{}", "{'a':1}", "{'a':{'b':[1,{}]},'c':null}", "{ }"},
     {"{'a'}", "{a:1}", "[]", "{'a':1,}", "{,}"}},
    {"{'type':'object','properties':{'a':{'type':'integer'},'b':{'type':'null'}},'required':['a','b"
     "']}",
     {"{'a':1,'b':null}", "{'a': 1, 'b': null}", "{\n  'a': 1,\n  'b': null\n}"},
     {"{}", "{'a':1}", "{'b':null}", "{'a':null,'b':null}"}},
    {"{'properties':{'a':{'const':1},'b':{'const':2},'c':{'const':3}}}",
     {"{}", "{'a':1}", "{'b':2}", "{'c':3}", "{'a':1,'c':3}", "{'a':1,'b':2,'c':3}",
      "{'b':2,'c':3}"},
     {"{'a':2}", "{'a':1,}", "{,'b':2}", "{'a':1 'b':2}"}},
    {"{'properties':{'a':{'const':1},'b':{'const':2},'c':{'const':3}},'required':['b']}",
     {"{'b':2}", "{'a':1,'b':2}", "{'b':2,'c':3}", "{'a':1,'b':2,'c':3}"},
     {"{}", "{'a':1}", "{'a':1,'c':3}"}},
    {"{'additionalProperties':{'type':'integer'}}",
     {"{}", "{'x':1}", "{'x':1,'yy':2}"},
     {"{'x':''}"}},
    {"{'properties':{'ab':{'const':1},'a':{'const':2}},'additionalProperties':{'const':3}}",
     {"{'ab':1}", "{'ab':1,'a':2,'x':3}", "{'abc':3}", "{'b':3,'ac':3}", "{'':3}"},
     {"{'ab':3}", "{'a':3}", "{'x':1}", "{'ab':1,'ab':3}"}},
    {"{'properties':{'a':{'const':1}},'required':['z'],'additionalProperties':{'const':3}}",
     {"{'a':1,'z':3}", "{'z':3,'y':3}"},
     {"{'a':1}", "{'z':1}"}},
    {"{'anyOf':[{'type':'integer'},{'type':'string'}]}", {"1", "'a'"}, {"null", "1.5"}},
    {"{'type':'object','properties':{'k':{'type':'string'}},'oneOf':[{'required':['k']}]}",
     {"{'k':''}"},
     {"{}"}},
    {"{'allOf':[{'minimum':3},{'maximum':5}],'type':'integer'}", {"3", "5"}, {"2", "6"}},
    {"{'allOf':[{'properties':{'a':{'type':'number'}},'required':['a']},{'properties':{'b':{'const'"
     ":1},'a':{'type':'integer'}},'required':['b']}]}",
     {"{'a':2,'b':1}"},
     {"{'a':2}", "{'b':1}", "{'a':2.5,'b':1}"}},
    {"{'$ref':'#/$defs/node','$defs':{'node':{'type':'object','properties':{'v':{'type':'integer'},"
     "'next':{'anyOf':[{'$ref':'#/$defs/node'},{'type':'null'}]}},'required':['v','next']}}}",
     {"{'v':1,'next':null}", "{'v':1,'next':{'v':2,'next':null}}"},
     {"{'v':1}", "{'v':1,'next':{}}"}},
    {"{'properties':{'a~b/c':{'type':'null'},'d':{'$ref':'#/properties/"
     "a~0b~1c'}},'required':['d']}",
     {"{'d':null}"},
     {"{'d':1}"}},
    {"{'definitions':{'t':{'const':1}},'allOf':[{'$ref':'#/definitions/t'}]}", {"1"}, {"2"}},
    {"{'type':'array','items':{'$ref':'#'},'maxItems':2}",
     {"[]", "[[],[[]]]"},
     {"[1]", "[[],[],[]]"}},
    {"{'$ref':'#/$defs/any','$defs':{'any':true}}",
     {"1", "'a'", "[true,false,null]", "{'a':[{}]}"},
     {"", "a"}},
    {"{}", {"1", "[]"}, {"[1"}},
    {"{'minLength':2}", {"'ab'"}, {"'a'"}},
    {"{'type':'string','title':'t','description':'d','default':1,'x-own':2,'format':'date'}",
     {"'a'"},
     {"1"}},
};

/* ' stands for ", so that schemas can be read here. */
static char *quoted(const char *text)
{
    char *s = xstrdup(text);
    for (char *c = s; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    return s;
}

static void check(const struct grammar *g, const char *schema, const char *document, bool fits)
{
    char *text = quoted(document);
    if (accepts(g, text) != fits)
        fail_msg("%s: %s is %s", schema, document, fits ? "refused" : "taken");
    free(text);
}

static void test_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *schema = quoted(cases[i].schema);
        struct error err;
        struct grammar *g = json_schema_read(schema, strlen(schema), "s", &err);
        if (!g)
            fail_msg("%s\n%s", schema, err.text);
        for (int k = 0; k < MOST && cases[i].yes[k]; k++)
            check(g, schema, cases[i].yes[k], true);
        for (int k = 0; k < MOST && cases[i].no[k]; k++)
            check(g, schema, cases[i].no[k], false);
        grammar_free(g);
        free(schema);
    }
}

static const struct {
    const char *schema, *message;
} wrong[] = {
    {"{'type':'object'", "s:1:"},
    {"[]", "s: #: a schema is an object, true or false"},
    {"{'items':false,'minItems':1}", "but there are items for 0 alone"},
    {"{'anyOf':[false]}", "s: #/anyOf/0: false: nothing fits"},
    {"{'patternProperties':{}}", "s: #: \"patternProperties\" is not known here"},
    {"{'properties':{'a/b':{'not':{}}}}", "s: #/properties/a~1b: \"not\" is not known here"},
    {"{'type':'string','pattern':'a'}", "\"pattern\" is not known here"},
    {"{'items':{'uniqueItems':true}}", "s: #/items: \"uniqueItems\" is not known here"},
    {"{'type':'text'}", "\"type\": \"text\" is none of object"},
    {"{'type':[]}", "nothing is of all these types"},
    {"{'type':7}", "nothing is of all these types"},
    {"{'enum':[]}", "no value fits"},
    {"{'enum':['a'],'type':'integer'}", "no value fits"},
    {"{'enum':['a'],'minLength':2}", "\"minLength\" beside \"enum\""},
    {"{'type':'integer','minimum':5,'maximum':4}", "no number is between"},
    {"{'type':'integer','exclusiveMinimum':4,'exclusiveMaximum':5}", "no number is between"},
    {"{'type':'number','minimum':0.5}", "have to be whole"},
    {"{'type':'integer','minimum':1e300}", "beyond 15 digits"},
    {"{'type':'integer','exclusiveMinimum':true}", "is not a number"},
    {"{'type':'string','minLength':3,'maxLength':2}", "nothing fits"},
    {"{'type':'string','maxLength':-1}", "is not a whole number"},
    {"{'required':['a'],'additionalProperties':false}", "\"a\" is required, but cannot be there"},
    {"{'properties':{'a':false},'required':['a']}", "\"a\" is required, but cannot be there"},
    {"{'$ref':'other.json'}", "only places in this schema"},
    {"{'$ref':'#/$defs/x'}", "there is no \"#/$defs/x\""},
    {"{'$ref':'#'}", "has no text that ends"},
    {"{'anyOf':[{'$ref':'#'},{'const':1}]}", "can begin with itself"},
    {"{'anyOf':[]}", "s: #/anyOf: this is not a list with schemas"},
    {"{'allOf':[{'const':1},{'const':2}]}", "what they say of \"const\""},
    {"{'allOf':[{'$ref':'#'}]}", "schemas are joined in more than"},
    {"{'type':'object','properties':{'a':{'$ref':'#'}},'required':['a']}", "has no text that ends"},
    {"{'type':'string','minLength':100000}", "too large"},
};

static void test_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error err = {0};
        char *schema = quoted(wrong[i].schema);
        assert_null(json_schema_read(schema, strlen(schema), "s", &err));
        if (!strstr(err.text, wrong[i].message))
            fail_msg("%s: \"%s\" expected, but: %s", schema, wrong[i].message, err.text);
        assert_int_equal(err.code, EX_DATAERR);
        free(schema);
    }
}

static void test_deep(void **state)
{
    (void)state;
    enum { N = 1500 };
    struct buf text = {0};
    struct error err;
    for (int i = 0; i < N; i++)
        buf_puts(&text, "{\"items\":");
    buf_puts(&text, "{}");
    for (int i = 0; i < N; i++)
        buf_puts(&text, "}");
    assert_null(json_schema_read(text.data, text.len, "s", &err));
    assert_non_null(strstr(err.text, "inside of each other"));
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
