/* SPDX-License-Identifier: MIT
 *
 * qins-convert: a Hugging Face model folder or a GGUF file becomes one .qins file.
 */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "budget.h"
#include "calibrate.h"
#include "chat_template.h"
#include "checksums.h"
#include "convert.h"
#include "convert_pack.h"
#include "convert_report.h"
#include "download.h"
#include "fit.h"
#include "foreign_models.h"
#include "hub_model.h"
#include "loss.h"
#include "models.h"
#include "number.h"
#include "places.h"
#include "progress.h"
#include "recipe.h"
#include "sanitise.h"
#include "texts.h"
#include "tokenizer.h"
#include "versions.h"

#define PROGRAM "qins-convert"
enum { MAX_THREADS = 1024, MAX_TEXT = 64 << 20 };

static volatile sig_atomic_t interrupted;

struct settings {
    const char *model, *out;
    char *folder;              /* of the model */
    struct download *download; /* that the model comes by; or NULL */
    struct arrival *arrival;   /* of what is converted while it comes; or NULL */
    struct progress progress;
    struct convert_options convert;
    struct calibrate_options calibrate;
    const char *text; /* to calibrate with: a file or "builtin"; NULL: no calibration */
    const char *recipe, *budget;
    char *formats; /* of single matrices, or NULL */
    bool json, quiet, no_measure, verify, compress, decompress;
    struct compress_options pack;
    struct compress_report packed;
};

static const char help[] =
    "usage: " PROGRAM
    " [-f FORMAT] [-o OUT] [-t THREADS] [--force] [--json] [--no-hash] [--quiet]\n"
    "                    MODEL\n"
    "       " PROGRAM " --verify [-t THREADS] [--json] [--quiet] FILE.qins\n"
    "       " PROGRAM " --compress[=LEVEL] | --decompress [-o OUT] FILE.qins\n"
    "Convert a model to a .qins file. MODEL is a folder in Hugging Face form, a GGUF file, the "
    "name\n"
    "of one that another program keeps here, ollama:NAME, or org/name[@revision] of the Hugging "
    "Face\n"
    "hub, which is downloaded if it is not here.\n"
    "\n"
    "  -f, --format FORMAT    number format of the weights (default qins4): %s\n"
    "  -o, --output OUT       file to write (default: MODEL's name-FORMAT.qins, in this folder)\n"
    "      --calibrate TEXT       choose codes by what the model does with a text: a file, or "
    "builtin\n"
    "      --recipe FILE          formats of single matrices: lines \"PATTERN: FORMAT\"\n"
    "      --budget BITS|SIZE     formats of single matrices, chosen to lose least: 5.0 bits per "
    "weight,\n"
    "                             or 1.9G in all\n"
    "      --damping X            of error feedback (1), or auto: measured\n"
    "      --no-feedback          calibrate without error feedback\n"
    "      --correction           also make good what earlier layers have lost (see the manual)\n"
    "      --no-measure           do not measure what the file loses\n"
    "      --sparsity SHARE       make this share of the weights of each row 0, the least ones\n"
    "      --compress[=LEVEL]     compress the file with zstd, level 1..%d (%d); loading decodes "
    "it\n"
    "      --dictionary           compress with a dictionary trained on the file\n"
    "      --decompress           undo --compress: FILE.qins as it was\n"
    "  -t, --threads THREADS  1..%d (default: every CPU that this process may use)\n"
    "      --force            overwrite OUT if it exists\n"
    "      --json             print the report as JSON\n"
    "      --no-hash          omit the SHA-256 of the source files\n"
    "      --verify           compare a .qins file with the checksums in it\n"
    "  -q, --quiet            no progress\n"
    "  -h, --help             print this and exit\n"
    "      --version          print versions and exit\n";

/* ---- command line --------------------------------------------------------------------- */

static char *format_names(void)
{
    struct buf names = {0};
    for (unsigned i = 0; i < N_FORMATS; i++)
        buf_printf(&names, "%s%s", i ? " " : "", format_info((enum format)i)->name);
    return names.data;
}

static bool set_format(struct settings *s, const char *name, struct error *err)
{
    if (format_from_name(name, &s->convert.format))
        return true;
    char *names = format_names();
    error_set(err, EX_USAGE, "format \"%s\" is not known; known: %s", name, names);
    free(names);
    return false;
}

static bool set_threads(struct settings *s, const char *text, struct error *err)
{
    double n;
    if (!number_parse(text, &n) || n < 1 || n > MAX_THREADS || n != (double)(unsigned)n)
        return error_set(err, EX_USAGE, "threads \"%s\": not an integer of 1..%d", text,
                         MAX_THREADS);
    s->convert.n_threads = (unsigned)n;
    return true;
}

static bool set_damping(struct settings *s, const char *text, struct error *err)
{
    double x = 0;
    if (strcmp(text, "auto") != 0 && (!number_parse(text, &x) || !(x > 0 && x <= 100)))
        return error_set(err, EX_USAGE,
                         "damping \"%s\": neither auto nor a number above 0 and up to 100", text);
    s->calibrate.damping = (float)x;
    return true;
}

static void print_help(void)
{
    char *names = format_names();
    printf(help, names, COMPRESS_MAX_LEVEL, COMPRESS_LEVEL, MAX_THREADS);
    free(names);
}

static void print_version(void)
{
    struct buf text = {0};
    versions_append(&text, PROGRAM);
    fputs(text.data, stdout);
    buf_free(&text);
}

static bool check_flags(const struct settings *s, struct error *err)
{
    if (s->compress + s->decompress + s->verify > 1)
        return error_set(err, EX_USAGE, "only one of --compress, --decompress and --verify");
    if (s->pack.dictionary && !s->compress)
        return error_set(err, EX_USAGE, "--dictionary without --compress");
    return s->convert.sparsity == 0 || (!s->text && !s->budget) ||
           error_set(err, EX_USAGE,
                     "--sparsity chooses weights without a text: not with "
                     "--calibrate or --budget");
}

/* What was asked for has an effect. `damps`: --damping was given. */
static bool check_calibration(const struct settings *s, bool damps, struct error *err)
{
    const char *flag = s->calibrate.no_feedback  ? "--no-feedback"
                       : s->calibrate.correction ? "--correction"
                       : damps                   ? "--damping"
                                                 : NULL;
    if (flag && !s->text)
        return error_set(err, EX_USAGE, "%s: only with --calibrate; try \"--calibrate builtin %s\"",
                         flag, flag);
    const char *choice = s->text ? "--calibrate" : "--budget";
    if ((s->text || s->budget) && !format_info(s->convert.format)->is_qins)
        return error_set(err, EX_USAGE,
                         "%s: format %s has no codes to choose; it is for the formats qins*",
                         choice, format_info(s->convert.format)->name);
    return true;
}

/* -> false: exit with err->code (EX_OK after --help). */
static bool parse_flags(struct settings *s, int argc, char **argv, struct error *err)
{
    enum {
        FORCE = 256,
        JSON,
        NO_HASH,
        VERIFY,
        VERSION,
        CALIBRATE,
        DAMPING,
        NO_FEEDBACK,
        CORRECTION,
        NO_MEASURE,
        RECIPE,
        BUDGET,
        COMPRESS,
        DECOMPRESS,
        DICTIONARY,
        SPARSITY
    };
    static const struct option flags[] = {
        {"format", required_argument, NULL, 'f'},
        {"output", required_argument, NULL, 'o'},
        {"threads", required_argument, NULL, 't'},
        {"force", no_argument, NULL, FORCE},
        {"json", no_argument, NULL, JSON},
        {"no-hash", no_argument, NULL, NO_HASH},
        {"calibrate", required_argument, NULL, CALIBRATE},
        {"damping", required_argument, NULL, DAMPING},
        {"recipe", required_argument, NULL, RECIPE},
        {"budget", required_argument, NULL, BUDGET},
        {"compress", optional_argument, NULL, COMPRESS},
        {"decompress", no_argument, NULL, DECOMPRESS},
        {"dictionary", no_argument, NULL, DICTIONARY},
        {"sparsity", required_argument, NULL, SPARSITY},
        {"no-measure", no_argument, NULL, NO_MEASURE},
        {"no-feedback", no_argument, NULL, NO_FEEDBACK},
        {"correction", no_argument, NULL, CORRECTION},
        {"verify", no_argument, NULL, VERIFY},
        {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, VERSION},
        {0},
    };
    int flag;
    bool ok = true, damps = false;
    *s = (struct settings){.convert = {.format = FORMAT_QINS4, .hash_source = true},
                           .calibrate = {.damping = 1}};
    while (ok && (flag = getopt_long(argc, argv, "f:o:t:qh", flags, NULL)) != -1) {
        switch (flag) {
        case 'f': ok = set_format(s, optarg, err); break;
        case 't': ok = set_threads(s, optarg, err); break;
        case 'o': s->out = places_typed_word(optarg); break;
        case 'q': s->quiet = true; break;
        case FORCE: s->convert.replace = true; break;
        case JSON: s->json = true; break;
        case CALIBRATE: s->text = places_typed_word(optarg); break;
        case DAMPING: ok = damps = set_damping(s, optarg, err); break;
        case NO_FEEDBACK: s->calibrate.no_feedback = true; break;
        case CORRECTION: s->calibrate.correction = true; break;
        case RECIPE: s->recipe = places_typed_word(optarg); break;
        case BUDGET: s->budget = optarg; break;
        case COMPRESS:
            s->compress = true;
            ok = convert_pack_level(optarg, &s->pack.level, err);
            break;
        case DICTIONARY: s->pack.dictionary = true; break;
        case DECOMPRESS: s->decompress = true; break;
        case SPARSITY: ok = convert_pack_share(optarg, &s->convert.sparsity, err); break;
        case NO_MEASURE: s->no_measure = true; break;
        case VERIFY: s->verify = true; break;
        case NO_HASH: s->convert.hash_source = false; break;
        case 'h': print_help(); return error_set(err, EX_OK, "%s", "");
        case VERSION: print_version(); return error_set(err, EX_OK, "%s", "");
        default:
            return error_set(err, EX_USAGE, "try " PROGRAM " --help"); /* getopt named the flag */
        }
    }
    if (ok && argc - optind != 1)
        return error_set(err, EX_USAGE, "%s; try " PROGRAM " --help",
                         optind == argc ? "no MODEL given" : "more than one MODEL given");
    if (ok && s->recipe && s->budget)
        return error_set(err, EX_USAGE, "either --recipe or --budget; try " PROGRAM " --help");
    s->model = places_typed_word(argv[optind]);
    return ok && check_flags(s, err) && (s->verify || check_calibration(s, damps, err));
}

/* ---- what is downloaded --------------------------------------------------------------- */

static bool show_fetching(void *arg, const struct fetch_progress *p)
{
    char converted[32];
    snprintf(converted, sizeof converted, "%.0f %% converted", 100 * p->converted);
    const char *item = *p->note ? p->note : p->converted >= 0 ? converted : p->file;
    progress_show(arg, p->step, item, p->done, p->total);
    return !interrupted;
}

/* Whether it runs: what verified files refuse needs no weights. */
static bool check_texts(const char *folder, struct error *err)
{
    struct checkpoint c;
    if (!checkpoint_open_texts(&c, folder, err))
        return false;
    checkpoint_close(&c);
    return true;
}

/* -> the folder of a model that still comes, or whose download is over. */
static char *start_download(struct settings *s, const struct hub_ref *ref,
                            const struct fetch_options *o, struct error *err)
{
    s->download = download_start(ref, o);
    const char *folder = download_wait(s->download, &s->arrival);
    if (folder && check_texts(folder, err))
        return xstrdup(folder);
    struct download *d = s->download;
    s->download = NULL;
    s->arrival = NULL;
    if (!folder)
        return download_end(d, err);
    download_stop(d);
    return NULL;
}

/* Choosing codes or formats needs the whole model first. */
static char *fetch(struct settings *s, const struct hub_ref *ref, struct error *err)
{
    const struct fetch_options o = {.progress = show_fetching, .arg = &s->progress};
    if (s->text || s->budget)
        return hub_model_source(ref, &o, err);
    char *path = hub_model_cached(ref);
    return path ? path : start_download(s, ref, &o, err);
}

/* MODEL, what a name in the cache of another program stands for, or what is downloaded by it. */
static bool find_folder(struct settings *s, struct error *err)
{
    struct hub_ref ref;
    bool is_there = access(s->model, F_OK) == 0;
    if (!is_there && !foreign_models_is_name(s->model) && hub_ref_parse(&ref, s->model)) {
        s->folder = fetch(s, &ref, err);
        hub_ref_free(&ref);
    } else if (is_there || !foreign_models_is_name(s->model)) {
        s->folder = xstrdup(s->model);
    } else {
        s->folder = models_find(s->model, err);
        if (!s->folder && hub_ref_parse(&ref, s->model)) { /* a GGUF file of the hub */
            s->folder = fetch(s, &ref, err);
            hub_ref_free(&ref);
        }
    }
    return s->folder != NULL;
}

/* The name in org/name, or MODEL's own, also if it is given as "." */
static char *default_out(const struct settings *s, const struct checkpoint *c)
{
    char *name = checkpoint_name(c), *slash = strrchr(name, '/');
    const char *last = slash && slash[1] ? slash + 1 : slash ? "model" : name;
    char *out = xasprintf("%s-%s%s.qins", last, format_info(s->convert.format)->name,
                          s->compress ? "-zstd" : "");
    free(name);
    return out;
}

/* ---- running -------------------------------------------------------------------------- */

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* Interruption ends the conversion between two chunks, so that the temporary file can be removed.
 */
static void catch_signals(void)
{
    static const int endings[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct sigaction before;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (sigaction(endings[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) /* nohup */
            sigaction(endings[i], &action, NULL);
    signal(SIGXFSZ, SIG_IGN); /* a file size limit is a failed write */
    signal(SIGPIPE, SIG_IGN); /* so is a reader that left */
}

static bool show(void *arg, const struct convert_progress *p)
{
    progress_show(arg, p->step, p->tensor, p->done_bytes, p->total_bytes);
    return !interrupted;
}

/* As long as the model comes, that. */
static bool show_converting(void *arg, const struct convert_progress *p)
{
    struct settings *s = arg;
    const double part = p->total_bytes ? (double)p->done_bytes / (double)p->total_bytes : 0;
    bool is_over = true;
    if (s->download && !download_tell(s->download, part, &is_over))
        return false;
    return !is_over || show(&s->progress, p);
}

static void note(const struct settings *s, const char *text)
{
    char *shown = sanitise_text(text, strlen(text), true);
    if (!s->quiet)
        fprintf(stderr, PROGRAM ": note: %s\n", shown);
    free(shown);
}

/* Weights that were rounded before lose once more. */
static void note_rounding(const struct settings *s, const struct checkpoint *c)
{
    if (!c->has_gguf || !gguf_import_is_rounded(&c->gguf))
        return;
    char *origin = gguf_import_origin(&c->gguf);
    char *text =
        xasprintf("%s: its weights are rounded already, and the loss adds up; better convert "
                  "the original%s%s",
                  s->model, origin ? ", " : "", origin ? origin : "");
    note(s, text);
    free(text);
    free(origin);
}

/* Of a model that also sees or hears. */
static void say_text_only(const struct settings *s, const struct checkpoint *c)
{
    if (c->config.is_text_part && !s->quiet)
        fprintf(stderr, PROGRAM ": text only: %zu tensors of other parts are left out\n",
                c->n_left_out);
}

/* Whether this machine has the memory for it now. */
static void say_fit(const struct settings *s, const char *out)
{
    struct fit f;
    if (s->quiet || !fit_file(&f, out, 0))
        return;
    char *text = fit_text(&f);
    fprintf(stderr, PROGRAM ": a chat with it %s\n", text);
    free(text);
}

/* "own" or "none"; one that is there and cannot be used is told. */
static const char *template_of(const struct settings *s, const struct checkpoint *c,
                               const struct tokenizer *t)
{
    struct chat_template template;
    struct error why;
    if (!chat_template_init(&template, t, c->tokenizer_config_json.data, &why)) {
        char *text = xasprintf("its chat template cannot be used (%s); qins-tui --template NAME "
                               "gives it another one",
                               why.text);
        note(s, text);
        free(text);
        return "own";
    }
    bool is_own = template.program != NULL;
    chat_template_free(&template);
    return is_own ? "own" : "none";
}

static bool print_report(const struct settings *s, const struct convert_report *r,
                         const char *template, const char *out, struct error *err)
{
    const struct convert_result result = {.out_path = out,
                                          .format = s->convert.format,
                                          .template = template,
                                          .compressed = s->compress ? &s->packed : NULL};
    bool ok = s->json ? convert_report_json(r, &result, stdout)
                      : convert_report_table(r, &result, stdout);
    return ok || error_set(err, EX_IOERR, "cannot write the report to standard output");
}

static bool read_text(const char *name, struct buf *text, struct error *err)
{
    if (strcmp(name, "builtin") != 0)
        return read_file(text, name, MAX_TEXT, err);
    buf_append(text, text_calibration, text_calibration_bytes);
    return true;
}

static bool choose_formats(struct settings *s, const struct checkpoint *c, const char *out,
                           struct error *err)
{
    struct budget b;
    if (s->recipe && !recipe_read(s->recipe, &c->config, s->convert.format, &s->formats, err))
        return false;
    if (s->budget && (!budget_parse(s->budget, &b, err) ||
                      !budget_choose(c, &s->calibrate, &b, out, &s->formats, err)))
        return false;
    s->convert.formats = s->calibrate.convert.formats = s->formats;
    return true;
}

static bool write_out(struct settings *s, const struct checkpoint *c, const char *out,
                      struct convert_report *report, struct error *err)
{
    struct buf text = {0};
    s->calibrate.convert = s->convert;
    s->calibrate.text_name = s->text ? s->text : "builtin";
    s->calibrate.budget = s->budget;
    bool ok = read_text(s->calibrate.text_name, &text, err);
    s->calibrate.text = text.data;
    s->calibrate.n_text = text.len;
    ok = ok && choose_formats(s, c, out, err) &&
         (s->text ? calibrate_to_file(c, &s->calibrate, out, report, err)
                  : convert_to_file(c, &s->convert, out, report, err));
    if (ok && s->budget)
        budget_forget(out);
    buf_free(&text);
    return ok;
}

/* Conversion alone, or by way of a file beside OUT that is compressed then. */
static bool write_packed(struct settings *s, const struct checkpoint *c, const char *out,
                         struct convert_report *report, struct error *err)
{
    if (!s->compress)
        return write_out(s, c, out, report, err);
    if (access(out, F_OK) == 0 && !s->convert.replace)
        return error_set(err, EX_CANTCREAT, "%s: already exists; use --force to overwrite", out);
    char *plain = xasprintf("%s.plain", out);
    bool ok =
        write_out(s, c, plain, report, err) && convert_pack(plain, out, &s->pack, &s->packed, err);
    free(plain);
    return ok;
}

/* A .qins file that is there already. */
static bool pack_file(struct settings *s, struct error *err)
{
    struct progress progress;
    struct compress_report r;
    progress_start(&progress, PROGRAM, s->quiet);
    s->pack.progress = show;
    s->pack.arg = &progress;
    if (s->decompress && !s->out)
        return error_set(err, EX_USAGE, "--decompress: -o OUT is missing");
    char *named = s->out ? NULL : convert_pack_name(s->model);
    const char *out = s->out ? s->out : named;
    bool ok = s->decompress ? decompress_file(s->model, out, &s->pack, &r, err)
                            : compress_file(s->model, out, &s->pack, &r, err);
    progress_end(&progress);
    if (ok && s->json)
        convert_pack_json(&r, out, stdout);
    else if (ok)
        convert_pack_print(&r, out, stdout);
    ok = ok && ((fflush(stdout) == 0 && !ferror(stdout)) ||
                error_set(err, EX_IOERR, "cannot write to standard output"));
    free(named);
    return ok;
}

static bool is_qins_file(const char *path)
{
    const size_t n = strlen(path);
    return n > 5 && strcmp(path + n - 5, ".qins") == 0;
}

static bool convert(struct settings *s, struct error *err)
{
    struct checkpoint c;
    struct convert_report report;
    if (s->arrival ? !checkpoint_open_arriving(&c, s->folder, s->arrival, err)
                   : !checkpoint_open(&c, s->folder, err))
        return false;
    char *named = s->out ? NULL : default_out(s, &c);
    const char *out = s->out ? s->out : named;
    s->convert.progress = show_converting;
    s->convert.arg = s;
    s->pack.progress = show;
    s->pack.arg = &s->progress;
    struct loss_job loss = {&c, &s->convert};
    if (!s->no_measure && format_info(s->convert.format)->is_qins) {
        s->convert.measure = loss_measure;
        s->convert.measure_arg = &loss;
    }
    note_rounding(s, &c);
    struct tokenizer *t = checkpoint_tokenizer(&c, err); /* nobody could talk to it without */
    s->convert.tokenizer = t;
    bool ok = t && write_packed(s, &c, out, &report, err);
    progress_end(&s->progress);
    if (ok)
        say_text_only(s, &c);
    if (ok)
        say_fit(s, out);
    ok = ok && print_report(s, &report, template_of(s, &c, t), out, err);
    tokenizer_free(t);
    checkpoint_close(&c);
    free(named);
    return ok;
}

/* Once more if it failed for bytes that were not verified when it read them. */
static bool convert_as_it_comes(struct settings *s, struct error *err)
{
    bool ok = convert(s, err);
    if (!s->download)
        return ok;
    if (!ok && !convert_is_doubtful(err)) {
        download_stop(s->download);
        return false;
    }
    free(s->folder);
    s->folder = download_end(s->download, err);
    s->download = NULL;
    s->arrival = NULL;
    if (ok || !s->folder)
        return ok;
    free(s->formats);
    s->formats = NULL;
    return convert(s, err);
}

/* ---- verifying ------------------------------------------------------------------------ */

static bool print_verified(const struct settings *s, const struct checksum_report *r,
                           struct error *err)
{
    char *name = sanitise_text(s->model, strlen(s->model), true);
    if (s->json) {
        json_t *damaged = json_array();
        for (size_t i = 0; i < r->n_damaged; i++)
            json_array_append_new(damaged, json_pack("{s:s, s:I, s:I}", "name", r->damaged[i].name,
                                                     "begin", (json_int_t)r->damaged[i].begin,
                                                     "end", (json_int_t)r->damaged[i].end));
        json_t *all =
            json_pack("{s:s, s:I, s:I, s:o}", "file", name, "tensors", (json_int_t)r->n_tensors,
                      "bytes", (json_int_t)r->n_bytes, "damaged", damaged);
        if (r->compressed_bytes)
            json_object_set_new(all, "compressed_bytes",
                                json_integer((json_int_t)r->compressed_bytes));
        json_dumpf(all, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(all);
    } else if (r->n_damaged == 0) {
        printf("%s: %zu tensors, %.1f MB", name, r->n_tensors, (double)r->n_bytes / 1e6);
        if (r->compressed_bytes)
            printf(" in %.1f MB", (double)r->compressed_bytes / 1e6);
        puts(", all as they were written");
    }
    free(name);
    return (fflush(stdout) == 0 && !ferror(stdout)) ||
           error_set(err, EX_IOERR, "cannot write to standard output");
}

static void name_damage(const struct settings *s, const struct checksum_report *r)
{
    for (size_t i = 0; i < r->n_damaged; i++) {
        const struct damaged_tensor *d = &r->damaged[i];
        char *text = xasprintf("%s: \"%s\" (bytes %llu to %llu) is damaged", s->model, d->name,
                               (unsigned long long)d->begin, (unsigned long long)d->end);
        char *shown = sanitise_text(text, strlen(text), true);
        fprintf(stderr, PROGRAM ": %s\n", shown);
        free(shown);
        free(text);
    }
}

static bool verify(struct settings *s, struct error *err)
{
    struct checksum_report report;
    struct progress progress;
    progress_start(&progress, PROGRAM, s->quiet);
    struct checksum_options o = {.progress = show, .arg = &progress};
    bool ok = checksums_verify(s->model, s->convert.n_threads, &o, &report, err);
    progress_end(&progress);
    name_damage(s, &report);
    struct error unwritten;
    if ((ok || report.n_damaged) && !print_verified(s, &report, ok ? err : &unwritten))
        ok = false;
    checksum_report_free(&report);
    return ok;
}

int main(int argc, char **argv)
{
    struct settings settings;
    struct error err;
    if (!parse_flags(&settings, argc, argv, &err))
        return err.code == EX_OK ? EX_OK : error_print(&err, PROGRAM);
    catch_signals();
    settings.pack.n_threads = settings.convert.n_threads;
    settings.pack.replace = settings.convert.replace;
    progress_start(&settings.progress, PROGRAM, settings.quiet);
    bool ok = settings.verify ? verify(&settings, &err)
              : settings.decompress || (settings.compress && is_qins_file(settings.model))
                  ? pack_file(&settings, &err)
                  : find_folder(&settings, &err) && convert_as_it_comes(&settings, &err);
    progress_end(&settings.progress);
    free(settings.folder);
    free(settings.formats);
    return ok ? EX_OK : error_print(&err, PROGRAM);
}
