#include "stored.hpp"

#include <algorithm>
#include <charconv>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "hub/namespaces.hpp"

namespace relay::ctl {
namespace {

constexpr Milliseconds kDefaultTimeout{5'000};
constexpr Milliseconds kLinkTimeout{1'000};  // at least, for links look at their commands ten times a second
constexpr std::size_t kTracedBytes = 60;     // of a word

redis::RedisSettings settings_within(const options::Options& options, Milliseconds timeout) {
  redis::RedisSettings settings = redis::settings_of(options, "relayctl-" + random_hex(4));
  settings.connect_timeout = std::min(settings.connect_timeout, timeout);
  settings.command_timeout = settings.publish_timeout = std::max(timeout, kLinkTimeout);
  settings.visits = true;
  return settings;
}

std::string one_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    line +=
        (line.empty() ? "" : " ") + (word.size() > kTracedBytes ? word.substr(0, kTracedBytes) + "…" : word);
  }
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace

Outcome<std::unique_ptr<Stored>> Stored::connect(const Context& context) {
  auto options = context.stored();
  if (!options) return options.error();
  const auto timeout = context.arguments.duration("--timeout", kDefaultTimeout);
  if (!timeout) return timeout.error();
  std::unique_ptr<Stored> stored(new Stored(context.console, std::move(*options), *timeout));
  if (const auto greeted = stored->greet(); !greeted) return greeted.error();
  return stored;
}

Stored::Stored(const Console& console, options::Options options, Milliseconds timeout)
    : console_(console),
      options_(std::move(options)),
      settings_(settings_within(options_, timeout)),
      namespaces_(hub::namespaces_of(options_)),
      timeout_(timeout),
      where_(redis::node_name(settings_)),
      loop_(0),
      store_(std::make_unique<redis::RedisStore>(loop_, settings_, metrics_)) {
  log::Settings silence;  // what the store has to say is in its health, and goes into failures
  silence.file = "/dev/null";
  (void)log::configure(silence);
  store_->start();
}

Stored::~Stored() {
  store_->stop();
}

Outcome<void> Stored::greet() {
  ask(0, {"TIME"}, [this](const wire::RespValue& time) {
    if (time.size() != 2) return;
    std::int64_t seconds = 0, micros = 0;
    std::from_chars(time[0].text().data(), time[0].text().data() + time[0].text().size(), seconds);
    std::from_chars(time[1].text().data(), time[1].text().data() + time[1].text().size(), micros);
    redis_ahead_ms_ = seconds * 1000 + micros / 1000 - system_clock().wall_ms();
  });
  for (std::uint32_t i = 1; i < partitions(); ++i) ask(i, {"EXISTS", keys(i).seq()});
  // A single server that refuses at once is not waited for; of several, another may still answer.
  const bool sole = settings_.mode == redis::Mode::kSingle;
  turn_until([&] { return waiting_ == 0 || (sole && has_refused()); });
  if (waiting_ > 0) return unreachable();
  return settle();
}

void Stored::lay_out() {
  ask(0, {"SET", keys(0).layout(), std::to_string(partitions()), "NX"});
}

std::int64_t Stored::now_ms() const {
  return system_clock().wall_ms() + redis_ahead_ms_;
}

void Stored::trace(std::string_view to, const std::vector<std::string>& words) const {
  if (console_.tracing()) console_.trace("> " + std::string(to) + ": " + one_line(words));
}

bool Stored::has_refused() const {
  const auto nodes = store_->health();
  return !nodes.empty() && nodes.front().reason != "connecting" && nodes.front().reason != "not started";
}

Failure Stored::unreachable() const {
  std::string why;
  for (const hub::NodeHealth& node : store_->health()) {
    if (!node.up && !node.reason.empty()) why += (why.empty() ? "" : "\n") + node.name + ": " + node.reason;
  }
  return {exit_code::kUnavailable, "the store at " + where_ + " does not answer", why,
          "is Redis running there? Name another with --redis URL, or wait longer with --timeout"};
}

Failure Stored::refused(std::string_view error, std::string_view words) const {
  const std::string_view code = error.substr(0, error.find(' '));
  const bool denied = code == "NOAUTH" || code == "NOPERM" || code == "WRONGPASS";
  const int exit = denied                ? exit_code::kDenied
                   : code == "WRONGTYPE" ? exit_code::kData
                                         : exit_code::kUnavailable;
  return {exit, "the store at " + where_ + " refused " + std::string(words), std::string(error),
          denied ? "give user and password in --redis or in relayd's settings" : ""};
}

redis::OnReply Stored::answer_to(std::string word, OnValue on_value, bool take_errors) {
  ++waiting_;
  return
      [this, word = std::move(word), on_value = std::move(on_value), take_errors](const redis::Reply& reply) {
        --waiting_;
        if (reply.value == nullptr) return fail(unreachable());
        if (reply.value->is_error() && !take_errors) return fail(refused(reply.value->text(), word));
        if (console_.tracing() && reply.value->is_error())
          console_.trace("< " + std::string(reply.value->text()));
        if (on_value && !failure_) on_value(*reply.value);
      };
}

void Stored::fail(Failure failure) {
  if (!failure_) failure_ = std::move(failure);
}

void Stored::ask(std::uint32_t partition, std::vector<std::string> words, OnValue on_value) {
  trace(where_, words);
  auto answer = answer_to(words.front(), std::move(on_value), false);
  store_->command(partition, std::move(words), std::move(answer), timeout_);
}

void Stored::try_ask(std::uint32_t partition, std::vector<std::string> words, OnValue on_value) {
  trace(where_, words);
  auto answer = answer_to(words.front(), std::move(on_value), true);
  store_->command(partition, std::move(words), std::move(answer), timeout_);
}

void Stored::ask_node(std::string_view node, std::vector<std::string> words, OnValue on_value) {
  trace(node, words);
  auto answer = answer_to(words.front(), std::move(on_value), false);
  store_->command_on(node, std::move(words), std::move(answer), timeout_);
}

void Stored::try_ask_node(std::string_view node, std::vector<std::string> words, OnValue on_value) {
  trace(node, words);
  auto answer = answer_to(words.front(), std::move(on_value), true);
  store_->command_on(node, std::move(words), std::move(answer), timeout_);
}

void Stored::run(std::uint32_t partition, const redis::Script& script, std::vector<std::string> keys,
                 std::vector<std::string> arguments, OnValue on_value) {
  if (console_.tracing()) {
    std::vector<std::string> words{"EVALSHA", script.sha()};
    words.insert(words.end(), keys.begin(), keys.end());
    words.insert(words.end(), arguments.begin(), arguments.end());
    trace(where_, words);
  }
  store_->call(partition, script, std::move(keys), std::move(arguments),
               answer_to("a script", std::move(on_value), false), timeout_);
}

void Stored::turn_until(const std::function<bool()>& done) {
  while (!done()) loop_.context().run_one();
}

// Every request is answered within its timeout, so this ends.
Outcome<void> Stored::settle(std::size_t most) {
  turn_until([&] { return waiting_ <= (failure_ ? 0 : most); });
  if (!failure_) return {};
  return *std::exchange(failure_, std::nullopt);
}

}  // namespace relay::ctl
