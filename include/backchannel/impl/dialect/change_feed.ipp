// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_DIALECT_CHANGE_FEED_IPP
#define BACKCHANNEL_IMPL_DIALECT_CHANGE_FEED_IPP

#include <backchannel/dialect/extensions.hpp>
#include <backchannel/hub/change_journal.hpp>
#include <backchannel/protocol/json_writer.hpp>
#include <backchannel/protocol/timestamp.hpp>

#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI::detail_extensions {

/// The changes of a hub as server-sent events (HTML, "Server-sent events"), each with an id to go on from.
class change_feed final : public body_stream {
public:
    /// `last_id`: of the last event that the reader has seen, empty if it has seen none.
    change_feed(std::shared_ptr<change_journal> journal, std::string_view last_id, extended_dialect::permission may)
        : journal_{std::move(journal)}, may_{std::move(may)}, after_{journal_->last()} {
        first_event_ = last_id.empty() ? "ready" : "missed";
        std::string const epoch = std::to_string(journal_->epoch()) + '-';
        std::uint64_t seen = 0;
        if (!last_id.starts_with(epoch)) return;
        last_id.remove_prefix(epoch.size());
        auto const end = last_id.data() + last_id.size();
        auto const number = std::from_chars(last_id.data(), end, seen);
        if (number.ec != std::errc{} || number.ptr != end || journal_->read(seen, 0).missed) return;
        after_ = seen;
        first_event_ = {};
    }

    ~change_feed() override { journal_->cancel(token_); }

    bool read(std::string& out, std::size_t room) override {
        std::size_t const end = out.size() + room;
        if (!first_event_.empty()) write_event(out, std::exchange(first_event_, {}), after_, "{}");
        while (out.size() < end) {
            auto const page = journal_->read(after_, 64);
            if (page.missed) { // the reader was too slow: it has to look at the list again
                write_event(out, "missed", journal_->last(), "{}");
                return false;
            }
            if (page.over) return false;
            if (page.changes.empty()) break;
            for (auto const& [number, change] : page.changes) {
                if (out.size() >= end) return true;
                after_ = number;
                if (may_(operation::get, change.id)) write(out, number, change);
            }
        }
        return true;
    }

    void wait(task wake) override {
        journal_->cancel(token_);
        token_ = journal_->wait(after_, std::move(wake));
    }

    void keep_alive(std::string& out) override { out.append(":\n\n"); }

private:
    void write_event(std::string& out, std::string_view name, std::uint64_t number, std::string_view data) const {
        out.append("id: ").append(std::to_string(journal_->epoch())).append("-").append(std::to_string(number));
        out.append("\nevent: ").append(name).append("\ndata: ").append(data).append("\n\n");
    }

    void write(std::string& out, std::uint64_t number, connection_change const& change) const {
        using enum connection_change::kind;
        std::string data;
        protocol::json_writer json{data};
        auto const at = protocol::format_iso8601(change.at);
        json.begin_object().member("connectionId", std::string_view{change.id}).member("at", at.view());
        switch (change.what) {
        case opened:
            json.key("tags").begin_array();
            for (std::string const& tag : change.tags) json.value(std::string_view{tag});
            json.end_array().end_object();
            return write_event(out, "opened", number, data);
        case closed:
            json.member("closeCode", change.code).member("reason", std::string_view{change.reason});
            json.member("closedBy", change.by == closed_by::peer ? "peer" : "server").end_object();
            return write_event(out, "closed", number, data);
        case tagged:
        case untagged:
            json.member("tag", change.tags.empty() ? std::string_view{} : std::string_view{change.tags.front()});
            json.end_object();
            return write_event(out, change.what == tagged ? "tagged" : "untagged", number, data);
        }
    }

    std::shared_ptr<change_journal> journal_;
    extended_dialect::permission may_;
    std::uint64_t after_;
    std::string_view first_event_;
    std::uint64_t token_ = 0;
};

}

#endif
