// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_AUTH_ANY_OF_HPP
#define BACKCHANNEL_AUTH_ANY_OF_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/support/guarded.hpp>
#include <backchannel/support/piecewise.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Asks several authorizers in turn; the first that finds credentials of its own kind decides.
///
/// One that answers `missing_token` or `incomplete` has not found any and the next is asked. If none has, the answer
/// is `missing_token`, or else the first one's that found something incomplete. A wrong signature or an unknown token
/// is final: it is not offered to the others.
///
/// The authorizers may be of any form. A body that is still arriving is shown to each that has `begin`, and kept for
/// the others, which get it as a whole; all are asked in the same order when it is complete. Thread-safe as far as
/// they are, but for `configure`.
template <class... Auths>
class any_of {
    static_assert(sizeof...(Auths) > 0, "any_of needs at least one authorizer: any_of{sigv4{keys}, bearer{token}}");
    static_assert((check_authorizer<Auths>() && ...));

public:
    explicit any_of(Auths... auths) : auths_{std::move(auths)...} {}

    void configure(router_options const& options) {
        std::apply([&](auto&... each) { (configure_one(each, options), ...); }, auths_);
    }

    [[nodiscard]] auth_decision authorize(request_view const& request, operation op, std::string_view id)
        requires(has_authorize<Auths> && ...)
    {
        auth_decision answer = auth_decision::refuse(auth_error::missing_token);
        std::size_t index = 0;
        std::apply([&](auto&... each) { (void)(settles(answer, each.authorize(request, op, id), index++) || ...); },
                   auths_);
        return answer;
    }

    void async_authorize(request_view const& request, operation op, std::string_view id,
                         completion<auth_decision> done) {
        auto asked = std::make_unique<question>(*this, request, op, id);
        asked->done = std::move(done);
        ask<0>(std::move(asked));
    }

    /// Asks the authorizer that has let the caller in.
    [[nodiscard]] bool permits(request_view const& request, principal const& who, operation op, std::string_view id)
        requires(has_permits<Auths> && ...)
    {
        principal inner = who;
        inner.via = who.via / sizeof...(Auths);
        std::uint32_t index = who.via % sizeof...(Auths);
        bool granted = false;
        auto const ask_one = [&](auto& auth) {
            if (index-- != 0) return false;
            if constexpr (has_permits<std::remove_reference_t<decltype(auth)>>) // Clang 14 looks here in any case
                granted = auth.permits(request, inner, op, id);
            return true;
        };
        std::apply([&](auto&... each) { (void)(ask_one(each) || ...); }, auths_);
        return granted;
    }

    class verification;

    [[nodiscard]] verification begin(request_view const& head, operation op, std::string_view id)
        requires(has_begin<Auths> || ...)
    {
        return verification{std::make_unique<question>(*this, head, op, id)};
    }

private:
    template <class A>
    static void configure_one(A& auth, router_options const& options) {
        if constexpr (has_configure<A>) auth.configure(options);
    }

    /// Whether the decision of the authorizer with this index is final; `answer` is what to say if no other is.
    static bool settles(auth_decision& answer, auth_decision newest, std::size_t index) {
        newest.who.via =
            newest.who.via * static_cast<std::uint32_t>(sizeof...(Auths)) + static_cast<std::uint32_t>(index);
        bool const final_word = newest.error != auth_error::missing_token && newest.error != auth_error::incomplete;
        if (final_word || answer.error == auth_error::missing_token) answer = std::move(newest);
        return final_word;
    }

    /// A request on its way from one to the next.
    struct question {
        any_of& all;
        request_view request;
        operation op;
        std::string_view id;
        std::string body; // what `request` views, if it came in pieces
        std::tuple<std::optional<piecewise<Auths>>...> begun;
        auth_decision answer = auth_decision::refuse(auth_error::missing_token);
        completion<auth_decision> done;

        question(any_of& a, request_view const& r, operation o, std::string_view i)
            : all{a}, request{r}, op{o}, id{i} {}
    };

    /// The question goes first: there may be no authorizer any more behind the answer.
    static void report(std::unique_ptr<question> asked) {
        auto done = std::move(asked->done);
        auth_decision answer = std::move(asked->answer);
        asked.reset();
        done(std::move(answer));
    }

    template <std::size_t I>
    void ask(std::unique_ptr<question> asked) {
        if constexpr (I == sizeof...(Auths)) {
            report(std::move(asked));
        } else {
            using auth_type = std::tuple_element_t<I, decltype(auths_)>;
            auto& auth = std::get<I>(auths_);
            question& q = *asked;
            auto& begun = std::get<I>(q.begun);
            auto next = [this, asked = std::move(asked)](auth_decision newest) mutable {
                if (settles(asked->answer, std::move(newest), I)) return report(std::move(asked));
                ask<I + 1>(std::move(asked));
            };
            // one that throws has dropped `next`, which answers for it
            (void)guarded([&] {
                if constexpr (has_begin<auth_type>) {
                    if (!begun && !has_authorize<auth_type> && !has_async_authorize<auth_type>) {
                        begun.emplace(auth, q.request, q.op, q.id);
                        begun->append(q.request.body);
                    }
                    if (begun) return begun->finish(std::move(next));
                }
                if constexpr (has_authorize<auth_type>) next(auth.authorize(q.request, q.op, q.id));
                else if constexpr (has_async_authorize<auth_type>)
                    auth.async_authorize(q.request, q.op, q.id, std::move(next));
            });
        }
    }

    std::tuple<Auths...> auths_;
};

/// A request whose body is still arriving. Move-only; borrows the head until `finish` has reported.
template <class... Auths>
class any_of<Auths...>::verification {
public:
    void append(std::string_view piece) {
        std::apply([&](auto&... each) { ((each ? each->append(piece) : void()), ...); }, asked_->begun);
        if constexpr (!(has_begin<Auths> && ...)) asked_->body.append(piece);
    }

    void finish(completion<auth_decision> done) {
        asked_->request.body = asked_->body;
        asked_->done = std::move(done);
        any_of& all = asked_->all;
        all.template ask<0>(std::move(asked_));
    }

private:
    friend class any_of;

    explicit verification(std::unique_ptr<question> asked) : asked_{std::move(asked)} {
        question& q = *asked_;
        auto const begin_one = [&q](auto& auth, auto& begun) {
            if constexpr (has_begin<std::remove_reference_t<decltype(auth)>>)
                begun.emplace(auth, q.request, q.op, q.id);
        };
        std::apply([&](auto&... auth) { std::apply([&](auto&... begun) { (begin_one(auth, begun), ...); }, q.begun); },
                   q.all.auths_);
    }

    std::unique_ptr<question> asked_;
};

}

#endif
