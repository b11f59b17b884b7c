/* SPDX-License-Identifier: Apache-2.0 */
/* Every bound on hostile input, with its reason. A limit that is met is an error that names it;
 * nothing is cut short in silence. Sizes are bytes. */
#pragma once

#include <glib.h>

/* --- archives and streams --- */

/* One read of a file, a pipe or an inflated layer. Large enough to hide the system call, small
 * enough to stay in a core's second-level cache with its output. */
#define NZ_CHUNK_SIZE ((gsize)128 * 1024)

/* Chunks that a layer may have read ahead of its hash, and their size: large, because each is
 * handed to another thread. */
#define NZ_DIGEST_RING  4
#define NZ_DIGEST_CHUNK ((gsize)512 * 1024)

/* Blobs below this are hashed in place: a thread would cost more than it saves. */
#define NZ_DIGEST_THREAD_MIN ((guint64)512 * 1024)

/* What a blob may inflate to for each byte of it, once it has given NZ_BOMB_FREE. Deflate cannot
 * pass 1032:1; real layers stay below 30:1. */
#define NZ_BOMB_RATIO 250
#define NZ_BOMB_FREE  ((guint64)1024 * 1024 * 1024)

/* The window a zstd frame may ask for: the zstd tool's own default (windowLog 27 = 128 MiB). */
#define NZ_ZSTD_WINDOW_LOG_MAX 27

/* Members of an image archive. Docker's limit is 127 layers; an OCI archive of many images holds
 * thousands of blobs. Each costs some 100 bytes here. */
#define NZ_ARCHIVE_MEMBERS_MAX 65536u

/* Links from member to member of an image archive. One is what Docker writes. */
#define NZ_ARCHIVE_LINKS_MAX 8u

/* An uncompressed layer whose bodies are skipped is read by two threads from this size on: below it
 * there are some thousand headers, which take a millisecond, and a thread a tenth of that. */
#define NZ_SEGMENTS_MIN ((guint64)64 * 1024 * 1024)

/* What is left of a part and can be split, and how many splits there may be: a guess that fails
 * costs some reads. */
#define NZ_SEGMENT_PART ((guint64)2 * 1024 * 1024)
#define NZ_SEGMENTS_MAX 64u

/* How far a header is looked for where a part should begin, and how often one that turns out not to
 * be is passed over. Where files are larger there are few headers, and nothing to be gained. */
#define NZ_SEGMENT_SEARCH ((guint64)256 * 1024)
#define NZ_SEGMENT_TRIES  8u

/* An image of fewer bytes is read by the thread that stacks its layers: to begin and end another
 * takes a fifth of a millisecond, which is longer than most of them need. */
#define NZ_IN_PLACE_MAX ((guint64)256 * 1024)

/* --- tables of contents --- */

/* A layer below this is read whole, whatever table it has: that is one request instead of three. */
#define NZ_TOC_BLOB_MIN ((gint64)64 * 1024)

/* A table, compressed (it is held in memory; some 100 bytes an entry) and as JSON (some 400):
 * enough for half a million files. The layer of a larger one is read whole. */
#define NZ_TOC_MAX      ((guint64)32 * 1024 * 1024)
#define NZ_TOC_JSON_MAX ((guint64)256 * 1024 * 1024)

/* One entry of it, with its attributes. As large as a PAX header may be. */
#define NZ_TOC_ENTRY_MAX ((gsize)1024 * 1024)

/* Files whose contents are fetched by themselves, and parts of them; some 200 bytes each. Past it
 * the layer is read whole. */
#define NZ_TOC_BODIES_MAX 65536u

/* Uncompressed bytes before a content in a part that several share. eStargz' writers put files of
 * some kilobytes together. */
#define NZ_TOC_INNER_MAX ((guint64)4 * 1024 * 1024)

/* Contents with no more than this between them are fetched at once: a request costs as much time.
 */
#define NZ_TOC_GAP_MAX ((guint64)64 * 1024)

/* What is fetched at once, if it is more than one part of a file. */
#define NZ_TOC_GROUP_MAX ((guint64)4 * 1024 * 1024)

/* Package lists only name the packages of findings. They are fetched when they cost no more than
 * 1/NZ_TOC_LISTS_SHARE of the layer, or this much. */
#define NZ_TOC_LISTS_SHARE 100u
#define NZ_TOC_LISTS_FREE  ((guint64)1024 * 1024)

/* --- tar headers --- */

/* Contents of a PAX or GNU long-name header: archive/tar's maxSpecialFileSize (CVE-2022-2879). */
#define NZ_TAR_SPECIAL_MAX ((gsize)1024 * 1024)

/* Special headers in a row before the entry that they describe. Three is normal. */
#define NZ_TAR_SPECIAL_RUN_MAX 64u

/* Bytes of a GNU sparse map: archive/tar's limit since CVE-2025-58183. */
#define NZ_TAR_SPARSE_MAP_MAX ((gsize)1024 * 1024)

/* A longer path cannot be created by any runtime: Linux' PATH_MAX less the closing NUL. */
#define NZ_PATH_MAX 4095u

/* A line of tar-split: an entry's headers in base64, with three special ones of 1 MiB before it.
 * Older engines also keep all that follows an archive's end in one line. */
#define NZ_TAR_SPLIT_LINE_MAX ((gsize)8 * 1024 * 1024)

/* --- JSON --- */

/* Manifest, index, config: the limit of registries and of containerd for a manifest. */
#define NZ_JSON_MAX ((gsize)4 * 1024 * 1024)

/* All documents of an archive on a pipe together: which of them matter is known at its end. And all
 * that are read of any input: 1024 images may share one configuration, and each keeps what it says.
 */
#define NZ_JSON_TOTAL_MAX ((gsize)64 * 1024 * 1024)

/* A list of an engine's store. 2,000 layers have some 1.5 MB, which parsed take twenty times that.
 */
#define NZ_STORAGE_LIST_MAX   ((gsize)16 * 1024 * 1024)
#define NZ_STORAGE_IMAGES_MAX 65536u

/* How long a process that changes a store may keep a scan of it waiting: milliseconds. */
#define NZ_STORAGE_WAIT_MS 2000u

/* Configuration of engines (storage.conf, registries.conf): arrays in tables in arrays. */
#define NZ_TOML_MAX       ((gsize)1024 * 1024)
#define NZ_TOML_DEPTH_MAX 16u

/* Strings of a configuration that are kept: a user beyond this is an error (no passwd line is as
 * long), a line of history is cut (it is printed with every finding of its layer), and so are
 * platform names. */
#define NZ_USER_MAX       ((gsize)4096)
#define NZ_CREATED_BY_MAX ((gsize)1024)
#define NZ_PLATFORM_MAX   ((gsize)64)

/* What else is kept of a configuration: arguments, volumes, ports, and the bytes of each. What is
 * beyond is not looked at, and a note says so. */
#define NZ_ARGS_MAX        64u
#define NZ_VOLUMES_MAX     256u
#define NZ_ENVIRONMENT_MAX 256u
#define NZ_PORTS_MAX       1024u
#define NZ_ARG_MAX         ((gsize)64 * 1024)

/* The name of a base image, from annotations, labels or history: registries take 255 bytes of name
 * and 128 of tag. A longer one is no name, and not shown. */
#define NZ_BASE_NAME_MAX ((gsize)512)

/* Layers of one image. Overlay cannot mount more than 500. */
#define NZ_LAYERS_MAX 1024u

/* Images (manifests) found in one input, and the depth of indexes inside indexes. */
#define NZ_IMAGES_MAX      1024u
#define NZ_INDEX_DEPTH_MAX 8u

/* --- the effective filesystem --- */

/* Links, devices and files of interest that are kept. Plain files are not. Some 200 bytes each,
 * beside what NZ_TREE_BYTES_MAX counts. */
#define NZ_NODES_MAX ((guint)1024 * 1024)

/* Files of an image that are asked for by their path: the programs and scripts of its command line,
 * in each directory of PATH. */
#define NZ_WANTED_MAX 256u

/* A script or a sudoers file. Entrypoint scripts have some kilobytes. */
#define NZ_EXTRA_MAX ((gsize)256 * 1024)

/* A script that is kept for its name and place alone: anyone can put many of them there. */
#define NZ_SCRIPT_BY_NAME_MAX ((guint64)32 * 1024)

/* Directories of PATH, and facts of one kind that are kept for the checks of how an image starts.
 */
#define NZ_PATH_DIRS_MAX 64
#define NZ_FACTS_MAX     4096u

/* Users that a sudoers file lets in without a password, and commands of a script that drop root,
 * with the words of each. More say nothing new. */
#define NZ_SUDOERS_MAX     256
#define NZ_DROPS_MAX       16u
#define NZ_SHELL_WORDS_MAX 256u

/* Links in directories of PATH that are followed, to programs elsewhere. BusyBox brings 400. Each
 * may lead through 40 others of 4 KiB. */
#define NZ_PATH_LINKS_MAX 4096u

/* Files of one sudoers, and links to them. */
#define NZ_SUDOERS_FILES_MAX 1024u

/* Users of all rules of a sudoers file that are looked at, those of aliases once for each use. Some
 * hundredths of a second. */
#define NZ_SUDOERS_USERS_MAX 65536u

/* Aliases of users in aliases of users, which may name each other. */
#define NZ_SUDOERS_DEPTH_MAX 8u

/* Of them, directories and programs that others than root may change, or not everyone may use:
 * kept for the checks of who may write what. Past it such files are passed over, and a note says
 * so. */
#define NZ_NOTABLE_MAX 32768u

/* Names, link targets and passwd files of those. */
#define NZ_TREE_BYTES_MAX ((gsize)96 * 1024 * 1024)

/* Paths of files that give privilege, each with NZ_FILE_COST: findings, tables and reports hold
 * several copies of them, each byte of a path up to four long, and the tree holds what they have in
 * common only once. Images that are used have some KiB of them. */
#define NZ_FILES_BYTES_MAX ((gsize)8 * 1024 * 1024)
#define NZ_FILE_COST       ((gsize)128)

/* What is kept of all images of a run until it is reported: as many images as an archive may hold
 * can share one layer that is all findings. */
#define NZ_SUBJECTS_BYTES_MAX ((gsize)64 * 1024 * 1024)

/* Names that are told apart by hash to find a path twice in a layer, and links to nothing. Past it
 * these two questions are no longer asked, and a note says so. 10 bytes a slot; a little below 3/4
 * of 2^20 slots, so that tables which are not quite evenly filled need not grow past that. */
#define NZ_NAMES_MAX ((gsize)750000)

/* Bytes of link targets that are walked for one image: some seconds. Links to links that lead back
 * and forth could otherwise make every entry cost a millisecond. */
#define NZ_LINK_BYTES_MAX ((guint64)1024 * 1024 * 1024)

/* The kernel gives up after 40 links in one path (MAXSYMLINKS). */
#define NZ_SYMLINKS_MAX 40u

/* Entries that wait for the layers below them, all layers together. Past it a layer's reader waits
 * its turn, which costs time and never the answer. */
#define NZ_LOG_BYTES_MAX ((gsize)3 * 1024 * 1024)

/* The same for an archive on a pipe, where the order of layers comes last and nothing can wait. */
#define NZ_LOG_STREAM_BYTES_MAX ((gsize)512 * 1024 * 1024)

/* A passwd or group file. 20,000 users fit. */
#define NZ_PASSWD_MAX ((gsize)1024 * 1024)

/* moby/sys reads passwd by lines of less than bufio.MaxScanTokenSize, group by lines of 1 MiB. A
 * longer line is an error there, and the container does not start. */
#define NZ_PASSWD_LINE_MAX ((gsize)64 * 1024)
#define NZ_GROUP_LINE_MAX  ((gsize)1024 * 1024)

/* Supplementary groups of a user: NGROUPS_MAX. */
#define NZ_GROUPS_MAX 65536u

/* A package list (dpkg, apk), and an rpm database, which must be whole in memory to be read. */
#define NZ_PACKAGE_LIST_MAX ((gsize)16 * 1024 * 1024)
#define NZ_RPMDB_MAX        ((gsize)256 * 1024 * 1024)

/* Paths that package lists may name, 8 bytes each. Past it, packages are not named, and a note
 * says so. */
#define NZ_OWNED_PATHS_MAX ((gsize)4 * 1024 * 1024)

/* Ambiguous paths that are named one by one, for each image. The rest is counted. */
#define NZ_AMBIGUITIES_MAX 100u

/* Depth of a root filesystem directory: each level costs a file descriptor. */
#define NZ_DIRECTORY_DEPTH_MAX 512u

/* --- many images --- */

/* What one run can be asked for: a list of names, each as long as a path may be. A host has
 * hundreds of images. */
#define NZ_REFERENCE_MAX  ((gsize)4096)
#define NZ_REFERENCES_MAX 100000u

/* Images at once. Each needs some MiB. */
#define NZ_JOBS_MAX 64

/* --- facts of layers that are kept --- */

/* What one layer, or a stack of layers, may leave to be kept: 25,000 files leave half a MiB. More
 * is not kept, and read again the next time. */
#define NZ_FACTS_ENTRY_MAX ((gsize)8 * 1024 * 1024)

/* The entries of all layers of an image that are read at once, while they are copied to be kept: a
 * layer that finds no room is not kept. */
#define NZ_FACTS_COPIES_MAX NZ_FACTS_ENTRY_MAX

/* All entries of the cache on disk. What was not used for longest goes. */
#define NZ_CACHE_BYTES_MAX ((guint64)512 * 1024 * 1024)

/* Entries of a run that wait to be written: bytes. And how many are written before others that want
 * to write have their turn. */
#define NZ_CACHE_PUTS_MAX  ((gsize)4 * 1024 * 1024)
#define NZ_CACHE_BATCH_MAX 64u

/* Stacks of layers that one run remembers to have met: some 100 bytes each. */
#define NZ_FACTS_SEEN_MAX 65536u

/* What one run keeps in memory for its next images. */
#define NZ_FACTS_MEMORY_MAX ((gsize)6 * 1024 * 1024)

/* --- rpm databases --- */

/* Packages of one database. All of Fedora is some 70,000; an image holds hundreds. */
#define NZ_RPM_PACKAGES_MAX 131072

/* Files of all packages together. The fattest images have half a million. */
#define NZ_RPM_FILES_MAX (4 * 1024 * 1024)

/* Directory names of one package, 4 bytes each here. The largest packages have some 20,000. */
#define NZ_RPM_DIRS_MAX (1024 * 1024)

/* Bytes of one path. Linux' PATH_MAX less the closing NUL: rpm could not have made a longer one.
 * One long directory name is shared by many files, so that without this and the next bound a
 * small header could name terabytes. */
#define NZ_RPM_PATH_MAX 4095

/* Bytes of all paths handed out. NZ_RPM_FILES_MAX at 256 bytes; real paths average 60. */
#define NZ_RPM_PATHS_MAX (1024 * 1024 * 1024)

/* Index entries and store of one header: rpm's own limits (HEADER_TAGS_MAX, HEADER_DATA_MAX). */
#define NZ_RPM_TAGS_MAX  65535
#define NZ_RPM_STORE_MAX (256 * 1024 * 1024 - 1)

/* --- policies --- */

/* A policy file: some 300 exceptions, each with its reason. */
#define NZ_POLICY_MAX ((gsize)64 * 1024)

/* Maps in lists in maps: a policy needs three. Each costs a frame of the stack. */
#define NZ_YAML_DEPTH_MAX 8u

/* Keys, values, lists and maps of one document, some 100 bytes each. */
#define NZ_YAML_NODES_MAX 16384u

/* Exceptions of a policy: each is tried on every finding of its rule. */
#define NZ_EXCEPTIONS_MAX 500u

/* A reason, an owner: they are printed with every finding that they except. */
#define NZ_POLICY_TEXT_MAX 1000u

/* A pattern for paths or names. */
#define NZ_GLOB_MAX 512u

/* Steps of matching for one image: some seconds at worst. 1,000 findings on 100 exceptions need a
 * thousandth. Past it exceptions no longer apply, findings count, and a note says so. */
#define NZ_GLOB_STEPS_MAX ((guint64)512 * 1024 * 1024)

/* And for one process of a running container: 500 exceptions of usual length need a hundredth. Past
 * it none applies, and the process counts. */
#define NZ_GLOB_STEPS_PROCESS_MAX ((guint64)16 * 1024 * 1024)

/* And for all images of a run: as many can share one layer as an archive holds images. */
#define NZ_GLOB_STEPS_TOTAL_MAX (4 * NZ_GLOB_STEPS_MAX)

/* --- stores of engines --- */

/* A bolt database. containerd's has some megabytes; where many snapshots came and went, some
 * hundred, for it never shrinks. Only pages of names are read. */
#define NZ_BOLT_FILE_MAX ((guint64)16 * 1024 * 1024 * 1024)

/* Pages that are read of it, most of 4 KiB: each image has one or two. */
#define NZ_BOLT_PAGES_MAX 131072u

/* Items that are looked at: values in a page may overlap, and buckets inside buckets with them. */
#define NZ_BOLT_ITEMS_MAX (4u * 1024 * 1024)

/* A node with its overflow. A bucket's node is split at a page; only one long value makes it
 * larger, and values here are short. */
#define NZ_BOLT_NODE_MAX ((guint64)1024 * 1024)

/* Branches above a leaf. A page holds at least two keys, real ones a hundred. */
#define NZ_BOLT_DEPTH_MAX 16u

/* How often it is read anew when the daemon wrote to it meanwhile, and the pause (microseconds): a
 * second in all. A listing takes a millisecond, a daemon that pulls commits some ten times a
 * second.
 */
#define NZ_BOLT_TRIES_MAX 50u
#define NZ_BOLT_WAIT      20000u

/* Images that one store may list, and the bytes of their names. Hosts have hundreds. */
#define NZ_STORED_MAX       65536u
#define NZ_STORED_BYTES_MAX ((gsize)16 * 1024 * 1024)

/* The list of a store in JSON, which takes ten times that when it is read: some 10,000 images of
 * Docker. */
#define NZ_STORE_LIST_MAX ((gsize)8 * 1024 * 1024)

/* Small files of a store: a digest, a directory's name, a configuration of a daemon. */
#define NZ_STORE_WORD_MAX    ((gsize)4096)
#define NZ_DAEMON_CONFIG_MAX ((gsize)256 * 1024)

/* --- running containers --- */

/* What is kept of a name, an image, an annotation: twice what registries take for a name. */
#define NZ_STATE_TEXT_MAX ((gsize)512)

/* Processes between one of a container and its monitor, inside and, while a runtime is still making
 * the container, outside of it. Each is two small reads. */
#define NZ_PARENTS_MAX         128u
#define NZ_RUNTIME_PARENTS_MAX 4u

/* What is read of a command line or of /proc/PID/cgroup. A conmon has some 4 KiB. */
#define NZ_CMDLINE_READ_MAX ((gsize)64 * 1024)

/* How often a container of which nothing was found is looked for, with all of /proc for its
 * monitor. */
#define NZ_DESCRIBE_LOOKS_MAX 4u

/* Places where one engine may keep its state: Docker has one more for each user namespace. */
#define NZ_PLACES_MAX 16u

/* Root processes of one container that are told apart: by executable, cause and user namespace. A
 * container has a handful. More are counted. */
#define NZ_ROOT_KINDS_MAX 32u

/* Containers that ended and are kept for the report. Some KiB each where they had root processes;
 * of the others so much that a burst of short ones does not push them out. */
#define NZ_ENDED_MAX 1024u

/* Containers that wait to be described; each is some milliseconds. The watcher asks again. */
#define NZ_DESCRIBE_QUEUE_MAX 4096u

/* The buffer between the kernel and the watcher: at 300 bytes a record a burst of 3,500. Its pages
 * count twice in our memory. More than the upper bound the kernel cannot map. */
#define NZ_WATCH_BUFFER     ((guint)1024 * 1024)
#define NZ_WATCH_BUFFER_MAX ((guint64)256 * 1024 * 1024)

/* How long one can ask us to watch or to wait: 30 days, in milliseconds. */
#define NZ_WATCH_TIME_MAX ((guint64)30 * 24 * 3600 * 1000)

/* Control groups that are told apart: as many as the kernel's half has room for. */
#define NZ_WATCH_GROUPS_MAX 16384u

/* Events that wait for their container's description, and how long they do: milliseconds. It takes
 * a few where the disk is not busy. A process that is stopped until it is decided whether it may
 * run waits longer than one of which only the cause is not known. */
#define NZ_WATCH_WAITING_MAX     4096u
#define NZ_WATCH_WAIT_MS         1000
#define NZ_WATCH_WAIT_STOPPED_MS 5000

/* Reports of scans that a watch is given: their bytes, and how many. An image takes some 10 KB; all
 * are read in the tenth of a second, in which events wait in the buffer. */
#define NZ_SCAN_REPORTS_BYTES_MAX ((gsize)32 * 1024 * 1024)
#define NZ_SCAN_REPORTS_MAX       64u

/* What is kept of them: images and files that make root, some 300 bytes each. */
#define NZ_SCAN_REPORTS_KEPT_MAX 65536u

/* A text of them: a path of NZ_PATH_MAX bytes, each of them written as \\xNN. */
#define NZ_SCAN_REPORT_TEXT_MAX ((gsize)32 * 1024)

/* Root processes that polling remembers to have told of: some 50 bytes each. */
#define NZ_WATCH_PROCESSES_MAX 262144u

/* What is read of /proc/PID/status and the like, and extents of a user namespace's map. */
#define NZ_PROC_FILE_MAX ((gsize)16 * 1024)
#define NZ_UID_MAP_MAX   ((gsize)16 * 1024)

/* Lines that wait for the audit log's disk, some KiB each, and how long its end may take: two
 * seconds, in microseconds. */
#define NZ_AUDIT_QUEUE_MAX 4096u
#define NZ_AUDIT_END_WAIT  (2 * G_USEC_PER_SEC)

/* Root sessions whose end is waited for, some 100 bytes each. */
#define NZ_SESSIONS_MAX 16384u

/* Who asks for metrics: connections at once, seconds that each may be idle, bytes of a request. A
 * Prometheus or two. */
#define NZ_METRICS_CONNECTIONS_MAX 16u
#define NZ_METRICS_TIMEOUT         10u
#define NZ_METRICS_REQUEST_MAX     ((gsize)16 * 1024)

/* How often a page is made, and how often the live view is drawn: milliseconds. */
#define NZ_WATCH_METRICS_MS 1000u
#define NZ_WATCH_VIEW_MS    500u

/* A page older than that, in microseconds, is of a watcher that hangs: it sets one each second. */
#define NZ_METRICS_STALE (30 * G_USEC_PER_SEC)

/* --- what is fetched --- */

/* Requests at once: as many as there may be readers of layers. */
#define NZ_FETCH_CHANNELS_MAX 256u

/* What may still be on its way when an answer is given up: the buffers of a socket and one frame.
 * Some 0.4 MiB. */
#define NZ_FETCH_DRAIN_MAX ((gsize)4 * 1024 * 1024)

/* A message of the program that fetches. */
#define NZ_FETCH_MESSAGE_MAX ((gsize)2048)

/* All headers of one answer. Registries send one or two KiB, with a redirect to storage four. */
#define NZ_HTTP_HEADERS_MAX ((gsize)64 * 1024)

/* Bytes a second below which a server is taken for one that only holds us up. */
#define NZ_HTTP_SLOWEST 256u

/* The path of an image's name: distribution/reference's RepositoryNameTotalLengthMax. */
#define NZ_REFERENCE_PATH_MAX 255u

/* What a registry gives as a token. Real ones have 1 to 4 KiB; that of a helper is as large. */
#define NZ_TOKEN_MAX         ((gsize)1024 * 1024)
#define NZ_HELPER_ANSWER_MAX ((gsize)64 * 1024)

/* Of a credential helper's name, which becomes a file's: bytes. */
#define NZ_HELPER_NAME_MAX 200u

/* A file of credentials, and one of CAs: the system's has 200 KiB. */
#define NZ_CREDENTIALS_MAX ((gsize)1024 * 1024)
#define NZ_CA_MAX          ((gsize)4 * 1024 * 1024)

/* Secrets that messages are searched for: tokens are made anew every few minutes. */
#define NZ_FETCH_SECRETS_MAX 4096u

/* A document (manifest, configuration, token) as a whole; layers may take longer. */
#define NZ_HTTP_DOCUMENT_SECONDS 120u

/* Redirects in a row: registries send once, to storage. */
#define NZ_HTTP_REDIRECTS_MAX 5u

/* Tries in a row that bring nothing, and tries for one request in all: a layer of gigabytes may be
 * cut several times. */
#define NZ_HTTP_TRIES_MAX       5u
#define NZ_HTTP_TRIES_TOTAL_MAX 30u

/* Seconds that we wait because a server says so, at once. A longer wait is the user's to decide. */
#define NZ_HTTP_WAIT_MAX 60u

/* --- what an editor sends --- */

/* A message of the Language Server Protocol: a source of NZ_SOURCE_MAX of which each byte is
 * escaped has 12 MiB. A longer one is passed over. */
#define NZ_LSP_MESSAGE_MAX ((gsize)16 * 1024 * 1024)

/* What is passed over at most: behind a longer message there may be no other. */
#define NZ_LSP_SKIP_MAX ((gsize)1024 * 1024 * 1024)

/* The headers of a message: there are two in all. */
#define NZ_LSP_HEADERS_MAX ((gsize)4096)

/* A document while it is edited: above NZ_SOURCE_MAX it is not judged, above this not kept. */
#define NZ_LSP_DOCUMENT_MAX ((gsize)4 * 1024 * 1024)

/* Documents that are open at once. */
#define NZ_LSP_DOCUMENTS_MAX 512u

/* --- source files: Dockerfiles, Compose files, units --- */

/* The largest that is read. Real ones are a few kilobytes; BuildKit takes none above 2 MiB as a
 * Dockerfile of a request. Also what an expansion of variables may grow to. */
#define NZ_SOURCE_MAX ((gsize)2 * 1024 * 1024)

/* What is read of a file to see whether it is a source at all. */
#define NZ_SOURCE_HEAD ((gsize)64 * 1024)

/* BuildKit reads lines with a bufio.Scanner: one of 64 KiB or more is an error. */
#define NZ_DOCKER_LINE_MAX ((gsize)64 * 1024)

/* How deep variables may nest: "${a:-${b:-${c}}}". */
#define NZ_EXPAND_DEPTH_MAX 64u

/* Bytes that one expansion may copy, and characters that its patterns may be compared with: what is
 * thrown away again ("${a:+$long}") costs too. Some hundredths of a second. */
#define NZ_EXPAND_WORK_MAX ((guint64)16 * 1024 * 1024)

/* Work of following a Dockerfile, in bytes, about: the environment that each RUN reads, its
 * commands, and what is known of a stage for each that builds on it. Real ones take some 100 KiB;
 * this many take a second. */
#define NZ_EVALUATE_WORK_MAX ((gsize)256 * 1024 * 1024)

/* Stages of a Dockerfile. An image has 127 layers at most; stages wait for each other by recursion.
 */
#define NZ_STAGES_MAX 1000u

/* Names of variables that are listed for one expansion. */
#define NZ_EXPAND_NAMES_MAX 256u

/* Arrays in arrays where a JSON form may stand. None has any; Go's encoding/json allows 10,000. */
#define NZ_DOCKER_JSON_DEPTH_MAX 64u

/* What a shell text may hold: more is not split, which is said. */
#define NZ_SHELL_COMMANDS_MAX   20000u
#define NZ_SHELL_TEXT_WORDS_MAX 200000u
#define NZ_SHELL_DEPTH_MAX      32u

/* Bytes of words that are put together for one shell text: variables can double each other. */
#define NZ_SHELL_BYTES_MAX ((gsize)16 * 1024 * 1024)

/* How often what is in loops is followed, with one value after the other, and how many words braces
 * may make of one. Past it a loop is followed once, its variable not known. */
#define NZ_SHELL_COPIES_MAX 256u

/* A word with braces that are followed, in bytes. */
#define NZ_SHELL_BRACE_MAX ((gsize)4096)

/* Steps of matching patterns for one shell text: some 0.2 seconds. Past it they are not followed.
 */
#define NZ_SHELL_MATCH_MAX ((gsize)64 * 1024 * 1024)

/* How many paths of a build have their owners followed; the longest, which is the kernel's
 * PATH_MAX; and how deep, so that what is above a path is soon looked through. */
#define NZ_BUILD_PATHS_MAX      20000u
#define NZ_BUILD_PATH_MAX       4096u
#define NZ_BUILD_PATH_DEPTH_MAX 64u

/* Steps over paths and bytes over accounts that following the commands of a build may take: a
 * command may change all that those before it made. Past them nothing is known of either. Real
 * builds take a few hundred steps and kilobytes. */
#define NZ_BUILD_STEPS_MAX   2000000u
#define NZ_ACCOUNTS_WORK_MAX ((gsize)32 * 1024 * 1024)

/* How far back through a pipeline we ask what is written: "cat <<EOF | sudo tee FILE" is two. */
#define NZ_EFFECTS_HOPS_MAX 4u

/* Packages that a build installs by name, which are remembered. */
#define NZ_PACKAGES_MAX 2000u

/* How many findings a source may give. */
#define NZ_ACTS_MAX 2000u

/* Files that a Compose file includes or extends, how deep, and what aliases may grow to. */
#define NZ_COMPOSE_FILES_MAX 100u
#define NZ_COMPOSE_DEPTH_MAX 16u
#define NZ_COMPOSE_NODES_MAX 200000u

/* Files and directories that are looked through for sources, and how deep: far above any work tree
 * that people have, and no endless one. */
#define NZ_DISCOVER_MAX       2000000u
#define NZ_DISCOVER_DEPTH_MAX 128u
#define NZ_IGNORES_MAX        20000u

/* Levels of a Compose file, and of what its aliases stand for: a service needs six. Each costs a
 * frame of the stack. */
#define NZ_COMPOSE_LEVELS_MAX 64u

/* Comments of a source that ignore rules: each is held against each finding. */
#define NZ_COMMENTS_MAX 10000u

/* What is noted of one Compose file or unit, a line each. */
#define NZ_SERVICE_NOTES_MAX 100u

/* Directories that a fix gives to the user, each by a line. Above that somebody is to look. */
#define NZ_FIX_DIRECTORIES_MAX 32u

/* Lines that a diff follows as added or taken out: above that it shows all between the first and
 * the last as replaced. A fix changes a dozen; this many take some 4 MiB. */
#define NZ_DIFF_EDITS_MAX 1000

/* --- Kubernetes manifests --- */

/* The largest that is read. What Helm renders of large charts, their CustomResourceDefinitions with
 * them, is some 5 MiB; etcd holds no object above 1.5 MiB. */
#define NZ_MANIFEST_MAX ((gsize)32 * 1024 * 1024)

/* Values of a manifest, with what its aliases stand for: some 100 bytes of memory each. A file as
 * large as is read has about two million. */
#define NZ_MANIFEST_NODES_MAX 3000000u

/* Those of them that are what aliases stand for. */
#define NZ_MANIFEST_COPIES_MAX 200000u

/* Containers of one manifest: some kilobyte of what is found in each is kept. */
#define NZ_MANIFEST_CONTAINERS_MAX 200000u

/* Bytes of a text that is told of each container it counts for: a name has 253, the reference of an
 * image some 500. */
#define NZ_MANIFEST_TEXT_MAX 1024u

/* Bytes of all annotations of one object, which the API server holds to the same
 * (k8s.io/apimachinery/pkg/api/validation, TotalAnnotationSizeLimitB). */
#define NZ_MANIFEST_ANNOTATIONS_MAX ((gsize)256 * 1024)

/* Bytes that are told of a reason why something is excepted. */
#define NZ_ANNOTATION_REASON_MAX 1000u

/* Containers of one pod: each is held beside the others, for names and for what one sets for all. A
 * kubelet runs some hundred pods, and pods have a handful of containers. */
#define NZ_POD_CONTAINERS_MAX 2048u

/* Levels of a manifest. Schemas in CustomResourceDefinitions have some 60; each costs a frame of
 * the stack. */
#define NZ_MANIFEST_LEVELS_MAX 256u

/* Containers of a pod that is mended: its fix holds the edits of all, and each container's report
 * that fix. A pod of 30 is a rarity. */
#define NZ_MEND_CONTAINERS_MAX 32u

/* Reasons why something of a pod is only proposed, each with a proposal that holds those before;
 * more are told together. */
#define NZ_MEND_REASONS_MAX 8u

/* Bytes that are read where the pods of a file are mended one by one, because together they do not
 * give what is wanted: 64 pods of a rendered chart. */
#define NZ_MEND_ALONE_MAX ((gsize)64 * 1024 * 1024)

/* What is noted of one manifest, a line each. */
#define NZ_MANIFEST_NOTES_MAX 100u
