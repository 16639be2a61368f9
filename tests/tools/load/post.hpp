// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_TOOLS_LOAD_POST_HPP
#define BACKCHANNEL_TESTS_TOOLS_LOAD_POST_HPP

#include "network.hpp"
#include "payload.hpp"
#include "results.hpp"
#include "signing.hpp"

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace load {

inline constexpr option post_options[]{
    {"port", "", "of the gateway"},
    {"host", "127.0.0.1", "its IPv4 address"},
    {"stage", "prod", "first segment of the path"},
    {"ids", "", "file with the ids to post to"},
    {"first", "0", "number of the first message for each id"},
    {"per-id", "1000000", "messages for each id"},
    {"connections", "8", "requests at the same time; an id is always served by the same connection"},
    {"rate", "0", "requests per second; 0: as fast as possible"},
    {"size", "64", "bytes of each message, at least"},
    {"seconds", "600", "after which it ends by itself"},
    {"accepted", "-", "file for what was answered 200: id and number"},
    {"wrong-secret", "off", "signatures that are refused"},
};

/// POSTs with signatures over connections that are kept, one request after the other on each.
class post_mode {
public:
    explicit post_mode(options const& given)
        : where_{address_of(given.text("host"), static_cast<unsigned>(given.number("port", 1, 65535)))},
          stage_{given.text("stage")}, signer_{signer::of_environment(given.text("host") + ":" + given.text("port"),
                                                                      given.flag("wrong-secret"))},
          first_{given.number("first")}, end_{first_ + given.number("per-id", 1)},
          size_{given.number("size", 0, 131072)}, requests_{given.number("rate")},
          deadline_ns_{now_ns() + static_cast<std::int64_t>(given.number("seconds", 1, 100'000)) * 1'000'000'000},
          accepted_{given.text("accepted")} {
        allow_many_files();
        std::ifstream file{given.text("ids")};
        std::vector<std::string> ids;
        for (std::string line; std::getline(file, line);) ids.push_back(line);
        if (ids.empty()) refuse("--ids: no ids in " + given.text("ids"));
        std::size_t const many = std::min(ids.size(), static_cast<std::size_t>(given.number("connections", 1, 10'000)));
        for (std::size_t i = 0; i != many; ++i) {
            callers_.push_back(std::make_unique<caller>());
            callers_.back()->number = first_;
        }
        for (std::size_t i = 0; i != ids.size(); ++i) callers_[i % many]->ids.push_back(ids[i]);
    }

    int run() {
        std::int64_t const began = now_ns();
        bool asked = false;
        while (!asked && now_ns() < deadline_ns_ && finished_ != callers_.size()) {
            bool const idle = send_some();
            poller_.wait(idle ? 1 : 0, [&](std::uint64_t key, std::uint32_t) {
                if (key != poller::signal_key) return serve(key);
                int const number = poller_.take_signal();
                asked = number == SIGTERM || number == SIGINT;
            });
        }
        double const seconds = static_cast<double>(now_ns() - began) / 1e9;
        for (auto const& c : callers_) lost_ += c->waiting ? 1 : 0;
        print_json([&](auto& json) {
            write(json, "statuses", statuses_);
            json.member("unanswered", lost_).member("refused", refused_);
            json.member("milliseconds", static_cast<std::int64_t>(seconds * 1000));
            json.member("per_second", static_cast<std::int64_t>(static_cast<double>(answered_) / seconds));
            latencies_.write(json, "latency");
        });
        return accepted_ == "-" || write_file(accepted_, accepted_text_) ? 0 : 1;
    }

private:
    struct caller {
        tcp_connection tcp;
        std::vector<std::string> ids;
        std::size_t next = 0;     // of ids
        std::uint64_t number = 0; // of its messages
        std::int64_t sent_ns = 0;
        bool waiting = false; // for an answer
        bool finished = false;
    };

    /// Begins what is due. True: there is nothing to begin right now.
    bool send_some() {
        for (std::size_t n = 0; n != callers_.size(); ++n) {
            if (!requests_.due()) return true;
            turn_ = turn_ + 1 == callers_.size() ? 0 : turn_ + 1;
            caller& c = *callers_[turn_];
            if (!c.waiting && !c.finished) ask(turn_);
        }
        return true;
    }

    void ask(std::size_t i) {
        caller& c = *callers_[i];
        if (!c.tcp.is_open()) {
            if (!c.tcp.connect(where_)) return finish(c, errno == ECONNREFUSED);
            poller_.add(c.tcp.fd(), i, EPOLLIN | EPOLLOUT | EPOLLET);
        }
        std::string const& id = c.ids[c.next];
        c.sent_ns = now_ns();
        signer_.append_post(c.tcp.out, "/" + stage_ + "/@connections/", id,
                            payload{id, c.number, c.sent_ns}.text(size_));
        c.waiting = true;
        requests_.count();
        if (!c.tcp.flush()) broken(c, errno);
    }

    void serve(std::size_t i) {
        caller& c = *callers_[i];
        if (!c.tcp.is_open()) return;
        bool const more = c.tcp.flush() && c.tcp.fill();
        int const why = errno;
        answer_head const head = read_head(c.tcp.in);
        if (c.waiting && head.size != 0 && c.tcp.in.size() >= head.size + head.body) {
            bool const closes = head.closes;
            answered(c, head.status);
            c.tcp.in.erase(0, head.size + head.body);
            if (closes) c.tcp.close();
        }
        if (!more && c.tcp.is_open()) broken(c, why);
    }

    void answered(caller& c, int status) {
        latencies_.add(now_ns() - c.sent_ns);
        ++statuses_[std::to_string(status)];
        ++answered_;
        if (status == 200 && accepted_ != "-")
            accepted_text_.append(c.ids[c.next]).append(" ").append(std::to_string(c.number)).append("\n");
        c.waiting = false;
        advance(c);
    }

    void advance(caller& c) {
        if (++c.next != c.ids.size()) return;
        c.next = 0;
        if (++c.number == end_) finish(c, false);
    }

    /// The connection ended; a request that has no answer is not asked again, since it may have been served.
    void broken(caller& c, int why) {
        if (why == ECONNREFUSED) return finish(c, true); // nothing was sent
        c.tcp.close();
        if (!std::exchange(c.waiting, false)) return;
        ++lost_;
        ++broken_;
        advance(c);
        if (broken_ > 100 * callers_.size() && !c.finished) finish(c, true);
    }

    void finish(caller& c, bool refused) {
        refused_ += refused ? 1 : 0;
        c.tcp.close();
        c.finished = true;
        c.waiting = false;
        ++finished_;
    }

    ::sockaddr_in where_;
    std::string stage_;
    signer signer_;
    std::uint64_t first_, end_, size_;
    pace requests_;
    std::int64_t deadline_ns_;
    std::string accepted_, accepted_text_;
    poller poller_;
    std::vector<std::unique_ptr<caller>> callers_;
    std::size_t turn_ = 0, finished_ = 0;
    std::uint64_t lost_ = 0, broken_ = 0, refused_ = 0, answered_ = 0;
    counts statuses_;
    latencies latencies_;
};

}

#endif
