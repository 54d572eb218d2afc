// The fields of "relaybench/1", once for writing and reading. For json.cpp alone.
#pragma once

#include "report/json_archive.hpp"
#include "report/latency.hpp"

namespace relay::bench {

template <class A>
void fields(A& a, In<Delivery::Sample, A>& s) {
  a("kind", s.kind), a("channel", s.channel), a("id", s.id);
  a("subscriber", s.subscriber), a("publisher", s.publisher), a("sequence", s.sequence);
}

template <class A>
void fields(A& a, In<Delivery, A>& d) {
  a("expected", d.expected), a("received", d.received), a("lost", d.lost), a("duplicate", d.duplicate);
  a("reordered", d.reordered), a("corrupt", d.corrupt), a("foreign", d.foreign), a("late", d.late);
  a("unacknowledged", d.unacknowledged), a("broken", d.broken), a("samples", d.samples);
}

// Without the latencies, which are "metrics" beside it.
template <class A>
void fields(A& a, In<Figures, A>& f) {
  a("duration_ns", f.duration_ns);
  a("published", f.published), a("publish_errors", f.publish_errors);
  a("connected", f.connected), a("connect_errors", f.connect_errors);
  a("delivered", f.delivered), a("bytes_in", f.bytes_in), a("bytes_out", f.bytes_out);
  a("target_publish_rate", f.target_publish_rate), a("target_delivery_rate", f.target_delivery_rate);
}

template <class A>
void fields(A& a, In<Stage, A>& s) {
  a("name", s.name), a("start", s.start_ns), a("end", s.end_ns);
  a("counts", s.figures), a("metrics", s.figures.latency);
}

template <class A>
void fields(A& a, In<SeriesPoint, A>& p) {
  a("t", p.at_ns), a("in", p.published_per_s), a("out", p.delivered_per_s), a("clients", p.clients);
  a("p50", p.p50_ns), a("p99", p.p99_ns), a("lag", p.lag_ns);
}

template <class A>
void fields(A& a, In<ErrorCount, A>& e) {
  a("kind", e.kind), a("count", e.count), a("first", e.first);
}

template <class A>
void fields(A& a, In<Generator, A>& g) {
  a("processes", g.processes), a("lag_p99_ns", g.lag_p99_ns), a("cpu", g.cpu);
  a("dropped_slots", g.dropped_slots), a("valid", g.valid), a("reasons", g.reasons);
}

template <class A>
void fields(A& a, In<Server, A>& s) {
  a("source", s.source), a("cpu", s.cpu), a("cpu_per_delivery_ns", s.cpu_per_delivery_ns);
  a("cpu_per_publish_ns", s.cpu_per_publish_ns), a("rss_bytes", s.rss_bytes);
  a("bytes_per_client", s.bytes_per_client), a("scrape", s.scrape);
}

template <class A>
void fields(A& a, In<RedisNode, A>& r) {
  a("address", r.address), a("version", r.version), a("role", r.role), a("cpu", r.cpu);
  a("commands", r.commands_per_s), a("bytes_in", r.bytes_in_per_s), a("bytes_out", r.bytes_out_per_s);
  a("memory_bytes", r.memory_bytes), a("memory_gained", r.memory_gained);
  a("evicted_keys", r.evicted_keys), a("expired_keys", r.expired_keys);
}

template <class A>
void fields(A& a, In<ActionOutcome, A>& o) {
  a("stage", o.stage), a("command", o.command), a("at", o.at_ns), a("duration_ns", o.duration_ns);
  a("exit", o.exit);
}

template <class A>
void fields(A& a, In<WorkerNote, A>& w) {
  a("address", w.address), a("clock_before_ns", w.clock_before_ns), a("clock_after_ns", w.clock_after_ns);
  a("clock_error_ns", w.clock_error_ns);
}

template <class A>
void fields(A& a, In<Floor, A>& f) {
  a("cpu_per_delivery_ns", f.cpu_per_delivery_ns), a("e2e_p50_ns", f.e2e_p50_ns),
      a("e2e_p99_ns", f.e2e_p99_ns);
}

template <class A>
void fields(A& a, In<ThresholdOutcome, A>& t) {
  a("expr", t.expression), a("stage", t.stage), a("value", t.value), a("ok", t.ok);
}

template <class A>
void fields(A& a, In<Host, A>& h) {
  a("kernel", h.kernel), a("cpus", h.cpus), a("cpu_model", h.cpu_model);
  a("mem_bytes", h.memory_bytes), a("nofile", h.nofile);
}

template <class A>
void fields(A& a, In<RunInfo, A>& r) {
  a("id", r.id), a("name", r.name), a.time("start", r.start_ms);
  a("duration_ns", r.duration_ns), a("warmup_ns", r.warmup_ns), a("seed", r.seed);
  a("scenario_hash", r.scenario_hash), a("tags", r.tags), a("aborted", r.aborted);
}

template <class A>
void fields(A& a, In<Target, A>& t) {
  a("url", t.url), a("driver", t.driver), a("transport", t.transport), a("server_version", t.server_version);
}

template <class A>
void fields(A& a, In<Load, A>& l) {
  a("subscribers", l.subscribers), a("channels", l.channels), a("publishers", l.publishers);
  a("rate", l.rate_per_s), a("open", l.open), a("payload", l.payload), a("delivery", l.delivery),
      a("more", l.more);
}

template <class T>
struct ToolOf {
  T* result;
};
template <class A, class T>
void fields(A& a, const ToolOf<T>& tool) {
  a("version", tool.result->tool_version), a("commit", tool.result->tool_commit);
}

template <class A>
void fields(A& a, In<RunResult, A>& r) {
  ToolOf<In<RunResult, A>> tool{&r};
  a("tool", tool), a("run", r.run), a("host", r.host), a("target", r.target), a("config", r.load);
  a("stages", r.stages), a("metrics", r.total.latency), a("counts", r.total), a("series", r.series);
  a("delivery", r.delivery), a("errors", r.errors), a("generator", r.generator), a("server", r.server);
  a("redis", r.redis), a("actions", r.actions), a("workers", r.workers);
  a("floor", r.floor), a("thresholds", r.thresholds), a("exit_code", r.exit_code);
}

}  // namespace relay::bench
