# Sums up folded stacks by the crate that has the work done: the innermost frame of a crate of ours or of the libraries
# named here, and what was done for it there: its own code, memory taken and given back, bytes copied, the kernel.
function kind(leaf) {
    if (leaf ~ /malloc|calloc|realloc|free|unlink_chunk|sysmalloc|systrim|mi_|__rdl_/) return "memory"
    if (leaf ~ /memmove|memcpy|memset|memcmp|bcmp/) return "bytes"
    if (leaf ~ /::/) return "own"
    return "kernel"
}
{
    count = $NF; sub(/ [0-9]+$/, "")
    frames = split($0, frame, ";")
    area = "(elsewhere)"
    for (i = frames; i > 0; i--) {
        if (match(frame[i], /(^|[^a-z_:])(router::[a-z_]+|innoerp|service|common|graphql|(hyper|hyper_util|tokio|axum|axum_core|tower|tower_http|http|http_body|http_body_util|serde_json|serde_core|tracing|tracing_core|tracing_subscriber|moka|bytes|h2|indexmap|hashbrown|futures_util|reqwest|url|metrics|opentelemetry)::)/)) {
            area = substr(frame[i], RSTART, RLENGTH)
            gsub(/[^a-z_:]/, "", area); sub(/::$/, "", area)
            break
        }
    }
    work = kind(frame[frames])
    sum[area] += count; part[area, work] += count; total += count
}
END {
    printf "%-28s %7s %7s %7s %7s %7s\n", "in % of all", "sum", "own", "memory", "bytes", "kernel"
    for (area in sum)
        printf "%-28s %7.1f %7.1f %7.1f %7.1f %7.1f\n", area, 100 * sum[area] / total,
            100 * part[area, "own"] / total, 100 * part[area, "memory"] / total,
            100 * part[area, "bytes"] / total, 100 * part[area, "kernel"] / total | "sort -k2,2 -rn"
}
