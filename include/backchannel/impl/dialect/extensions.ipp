// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_DIALECT_EXTENSIONS_IPP
#define BACKCHANNEL_IMPL_DIALECT_EXTENSIONS_IPP

#include <backchannel/dialect/extensions.hpp>
#include <backchannel/impl/dialect/change_feed.ipp>
#include <backchannel/impl/dialect/extension_request.ipp>
#include <backchannel/impl/dialect/extension_sends.ipp>
#include <backchannel/protocol/json_writer.hpp>
#include <backchannel/protocol/query.hpp>
#include <backchannel/protocol/timestamp.hpp>
#include <backchannel/protocol/utf8.hpp>

#include <algorithm>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

namespace detail_extensions {

/// The `x-amzn-ErrorType` of a send or close that was refused.
[[nodiscard]] constexpr std::string_view error_of(delivery result) noexcept {
    switch (result) {
    case delivery::backpressure: return "LimitExceededException";
    case delivery::gone: return "GoneException";
    case delivery::unavailable: return "ServiceUnavailableException";
    case delivery::unknown:
    case delivery::expired: return "GatewayTimeoutException";
    case delivery::accepted: break;
    }
    return {};
}

/// The answer to a call on many connections.
inline void write_counts(response& r, sends const& all) {
    std::size_t const accepted = all.accepted();
    std::size_t told = 0;
    r.status = 200;
    r.headers.add("Content-Type", "application/json");
    protocol::json_writer json{r.body};
    json.begin_object()
        .member("matched", all.matched())
        .member("accepted", accepted)
        .member("refused", all.matched() - accepted)
        .key("errors")
        .begin_array();
    for (auto const& [id, result, permitted] : all.entries()) {
        if (permitted && result == delivery::accepted) continue;
        if (told++ == extended_dialect::max_listed) break;
        std::string_view const error = permitted ? error_of(result) : "AccessDeniedException";
        json.begin_object().member("connectionId", std::string_view{id}).member("error", error).end_object();
    }
    json.end_array().end_object();
}

}

BACKCHANNEL_DECL bool extended_dialect::owns(std::string_view target, target_form form) const noexcept {
    using kind = protocol::connection_target::kind;
    auto const is_ours = [&](std::string_view path, bool connection_only) {
        kind const what = protocol::connection_target::parse(path, options_.stage, form).what();
        return connection_only ? what == kind::connection : what != kind::foreign;
    };
    if (is_ours(target, false)) return true;
    bool tagged = false;
    (void)guarded([&] {
        auto const path = detail_extensions::tag_path::parse(target, form);
        tagged = !path.connection.empty() && is_ours(path.connection, true);
    });
    return tagged;
}

BACKCHANNEL_DECL bool extended_dialect::reserves(std::string_view target) noexcept {
    if (aws_dialect::reserves(target)) return true;
    bool tagged = false;
    (void)guarded([&] {
        auto const path = detail_extensions::tag_path::parse(target, target_form::raw);
        tagged = !path.connection.empty() && aws_dialect::reserves(path.connection);
    });
    return tagged;
}

BACKCHANNEL_DECL extended_dialect::call extended_dialect::read(std::string_view method, std::string_view target,
                                                               target_form form) const {
    using kind = protocol::connection_target::kind;
    using detail_extensions::what;
    call c;
    auto made = std::make_shared<request>();
    c.target = protocol::connection_target::parse(target, options_.stage, form);
    kind const where = c.target.what();
    if (where == kind::foreign) {
        auto const path = detail_extensions::tag_path::parse(target, form);
        if (path.connection.empty()) return c;
        c.target = protocol::connection_target::parse(path.connection, options_.stage, form);
        if (c.target.what() != kind::connection) return c;
        if (form == target_form::decoded) made->tag = path.tag;
        else if (!protocol::append_percent_decoded(made->tag, path.tag)) made->tag.clear();
        made->what = method == "PUT" ? what::tag : what::untag;
        c.what = method == "PUT" ? operation::put : operation::del;
        if (!is_valid_tag(made->tag)) made->complaint = detail_extensions::bad_tag;
        if (method != "PUT" && method != "DELETE") c.refused = failure::bad_method;
    } else {
        static constexpr struct {
            std::string_view method;
            operation asked;
            what one, many;
        } methods[] = {{"POST", operation::post, what::plain, what::send_many},
                       {"GET", operation::get, what::show, what::list},
                       {"HEAD", operation::get, what::head, what::plain},
                       {"DELETE", operation::del, what::close, what::close_many}};
        bool const many = where == kind::collection;
        auto const* const known =
            std::find_if(std::begin(methods), std::end(methods), [&](auto const& m) { return m.method == method; });
        if (where != kind::connection && !many) c.refused = failure::malformed_id;
        else if (known == std::end(methods) || (many && known->many == what::plain)) c.refused = failure::bad_method;
        if (known != std::end(methods)) {
            c.what = known->asked;
            made->what = many ? known->many : known->one;
        }
        detail_extensions::parameter_reader parameters{*made};
        bool const readable = protocol::for_each_parameter(target, [&](std::string_view name, std::string_view value) {
            made->complaint = parameters.read(name, value);
            return made->complaint.empty();
        });
        if (made->complaint.empty()) made->complaint = readable ? parameters.finish() : "the query has a bad escape";
    }
    c.ours = true;
    c.more = std::move(made);
    return c;
}

BACKCHANNEL_DECL extended_dialect::content extended_dialect::read_body(call const& c, std::string_view body) const {
    bool const is_text = protocol::is_valid_utf8(body);
    message_kind const kind = c.more->type.value_or(is_text ? message_kind::text : message_kind::binary);
    std::string_view complaint = c.more->complaint;
    if (complaint.empty() && kind == message_kind::text && !is_text) complaint = "type: a text must be valid UTF-8";
    return {body, kind, complaint};
}

BACKCHANNEL_DECL std::string_view extended_dialect::send_key(request_view const& r) const noexcept {
    for (std::string_view const name : {"Idempotency-Key", "amz-sdk-invocation-id"}) {
        auto const is_named = [&](header_view const& h) { return equal_ignoring_case(h.name, name); };
        auto const found = std::find_if(r.headers.begin(), r.headers.end(), is_named);
        if (found == r.headers.end()) continue;
        bool const good =
            found->value.size() <= max_send_key && std::none_of(std::next(found), r.headers.end(), is_named);
        return good ? found->value : std::string_view{};
    }
    return {};
}

BACKCHANNEL_DECL std::optional<send_terms> extended_dialect::terms_of(call const& c, time_point now) const noexcept {
    request const& asked = *c.more;
    if (!asked.ttl && !asked.when_written) return std::nullopt;
    return send_terms{now + asked.ttl.value_or(default_wait), asked.when_written};
}

BACKCHANNEL_DECL void extended_dialect::perform(response& r, hub_ref const& hub, call const& c, message const& body,
                                                request_view const& asking, time_point now,
                                                permission const& may) const {
    using enum request::kind;
    switch (c.more->what) {
    case show:
    case head: return show_one(r, hub, c.target.id());
    case tag:
    case untag: return mark(r, hub, c);
    case close:
    case send_many:
    case close_many: {
        writer write;
        send(hub, c, body, now, may, patience::queued, [&write](writer w) { write = std::move(w); });
        if (write) return write(r);
        break;
    }
    case list:
    case count: return list_open(r, hub, *c.more, may);
    case watch: return watch_changes(r, hub, asking, may);
    case plain: break;
    }
    fail(r, failure::internal, c);
}

BACKCHANNEL_DECL void extended_dialect::fail(response& r, failure why, call const& c) const {
    if (why != failure::bad_method) return aws_dialect::fail(r, why, c.target.id());
    using enum request::kind;
    bool const tags = c.more->what == tag || c.more->what == untag;
    bool const many = c.target.what() == protocol::connection_target::kind::collection;
    r.headers.add("Allow", tags ? "DELETE, PUT" : many ? "DELETE, GET, POST" : "DELETE, GET, HEAD, POST");
    error(r, 405, "MethodNotAllowedException", "Method not allowed");
}

BACKCHANNEL_DECL void extended_dialect::explain(response& r, hub_ref const& hub, std::string_view id) const {
    outcome const why = detail_extensions::run(hub, {.what = command::kind::explain, .id = id});
    if (why.malformed) return aws_dialect::fail(r, failure::malformed_id, id);
    if (!why.closed) return aws_dialect::fail(r, failure::never_open, id);
    aws_dialect::fail(r, failure::gone, id);
    r.body.clear();
    auto const when = protocol::format_iso8601(why.closed->closed_at);
    protocol::json_writer{r.body}
        .begin_object()
        .member("message", "Gone")
        .member("closedAt", when.view())
        .member("closeCode", why.closed->code)
        .member("reason", std::string_view{why.closed->reason})
        .member("closedBy", why.closed->by == closed_by::peer ? "peer" : "server")
        .end_object();
}

BACKCHANNEL_DECL void extended_dialect::show_one(response& r, hub_ref const& hub, std::string_view id) const {
    outcome const found = detail_extensions::run(hub, {.what = command::kind::find, .id = id});
    if (found.state) {
        r.status = 200;
        r.headers.add("Content-Type", "application/json");
        protocol::json_writer json{r.body};
        write_members(json.begin_object(), *found.state);
        write_details(json, *found.state);
        json.end_object();
    } else {
        explain(r, hub, id);
    }
}

BACKCHANNEL_DECL void extended_dialect::mark(response& r, hub_ref const& hub, call const& c) const {
    auto const what = c.more->what == request::kind::tag ? command::kind::tag : command::kind::untag;
    switch (detail_extensions::run(hub, {.what = what, .id = c.target.id(), .tag_text = c.more->tag}).tagged) {
    case tagging::done: r.status = 204; return;
    case tagging::gone: return explain(r, hub, c.target.id());
    case tagging::limit:
        return aws_dialect::fail(r, failure::bad_body, "tag: the connection has as many as it may have");
    case tagging::invalid: break;
    }
    aws_dialect::fail(r, failure::bad_body, detail_extensions::bad_tag);
}

BACKCHANNEL_DECL void extended_dialect::send(hub_ref const& hub, call const& c, message const& body, time_point now,
                                             permission const& may, patience wait, completion<writer> done) const {
    using detail_extensions::sends;
    request const& asked = *c.more;
    bool const one = asked.what == request::kind::close;
    bool const says_last = c.says_last(body), says = says_last || !asked.closes();
    shared_message shared = says ? body.share(!one) : shared_message{}; // framed once, for all
    if (says && !shared)
        return done([this](response& r) { aws_dialect::fail(r, failure::unavailable, std::string_view{}); });
    auto const all = std::make_shared<sends>(hub, c.more, std::move(shared), terms_of(c, now), wait);
    auto const act = [&](std::string_view id) {
        if (one || (may(c.what, id) && (!says_last || may(operation::post, id)))) all->to(id);
        else all->refuse(id);
        return all->supported(); // it is not for any if not for one
    };
    bool const whole = guarded([&] {
        if (one) {
            act(c.target.id());
        } else if (asked.ids.empty()) {
            connection_visitor const visitor = [&](std::string_view id, auto const&) { return act(id); };
            (void)detail_extensions::run(hub, {.what = command::kind::select, .tag_text = asked.tag, .visitor = &visitor});
        } else {
            std::vector<std::string_view> ids{asked.ids.begin(), asked.ids.end()};
            std::sort(ids.begin(), ids.end());
            ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
            (void)std::all_of(ids.begin(), ids.end(), act);
        }
    });
    writer write = [this, hub, all, one, whole](response& r) {
        if (!whole) return aws_dialect::fail(r, failure::internal, std::string_view{});
        if (!all->supported()) return aws_dialect::fail(r, failure::unsupported, std::string_view{});
        if (!one) return detail_extensions::write_counts(r, *all);
        if (all->accepted() == 1) r.status = 204;
        else refuse_close(r, hub, all->entries().front().id, all->entries().front().result);
    };
    all->finish([write = std::move(write), done = std::move(done)]() mutable { done(std::move(write)); });
}

BACKCHANNEL_DECL void extended_dialect::refuse_close(response& r, hub_ref const& hub, std::string_view id,
                                                     delivery why) const {
    if (why == delivery::gone) explain(r, hub, id);
    else if (why == delivery::backpressure) aws_dialect::fail(r, failure::backpressure, id);
    else if (why == delivery::unknown) aws_dialect::fail(r, failure::unknown, id);
    else aws_dialect::fail(r, why == delivery::expired ? failure::expired : failure::unavailable, id);
}

BACKCHANNEL_DECL void extended_dialect::list_open(response& r, hub_ref const& hub, request const& asked,
                                                  permission const& may) const {
    bool const only_count = asked.what == request::kind::count;
    std::size_t found = 0;
    r.status = 200;
    r.headers.add("Content-Type", "application/json");
    protocol::json_writer json{r.body};
    json.begin_object();
    if (!only_count) json.key("connections").begin_array();
    connection_visitor const visitor = [&](std::string_view id, std::function<connection_state()> const& describe) {
        if (!may(operation::get, id)) return true;
        ++found;
        if (only_count) return true;
        connection_state const state = describe();
        write_members(json.begin_object().member("connectionId", id), state);
        write_details(json, state);
        json.end_object();
        return found != asked.limit;
    };
    outcome const end = detail_extensions::run(
        hub, {.what = command::kind::select, .tag_text = asked.tag, .from = asked.from, .visitor = &visitor});
    if (only_count) {
        json.member("count", found).end_object();
        return;
    }
    json.end_array();
    if (end.next) json.member("cursor", std::string_view{std::to_string(*end.next)});
    json.end_object();
}

BACKCHANNEL_DECL void extended_dialect::watch_changes(response& r, hub_ref const& hub, request_view const& asking,
                                                      permission const& may) const {
    auto changes = detail_extensions::run(hub, {.what = command::kind::watch}).changes;
    if (!asking.streams || changes == nullptr) return aws_dialect::fail(r, failure::unsupported, std::string_view{});
    header_view const* const last = find_header(asking.headers, "Last-Event-ID");
    r.status = 200;
    r.headers.add("Content-Type", "text/event-stream");
    r.headers.add("Cache-Control", "no-store");
    r.stream = std::make_shared<detail_extensions::change_feed>(std::move(changes),
                                                                last == nullptr ? std::string_view{} : last->value, may);
}

BACKCHANNEL_DECL void extended_dialect::write_details(protocol::json_writer& json, connection_state const& state) {
    json.key("tags").begin_array();
    for (std::string const& tag : state.tags) json.value(std::string_view{tag});
    json.end_array().key("attributes").begin_object();
    for (auto const& [name, value] : state.attributes) json.member(name, std::string_view{value});
    json.end_object();
}

}

#endif
