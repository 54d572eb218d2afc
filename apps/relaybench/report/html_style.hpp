// The style sheet of the HTML report. The colours are those of Okabe and Ito, which people with any colour
// vision can tell apart; lighter ones on dark. A constant.
#pragma once

#include <string_view>

namespace relay::bench {

inline constexpr std::string_view kHtmlStyle = R"(
:root { color-scheme: light dark; --page: #ffffff; --ink: #1a1d21; --soft: #5b636d; --line: #d9dde2; --card: #f5f6f8;
  --good: #00674a; --bad: #a83c00;
  --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #a8578a; --c4: #8a6d00; --c5: #56606b; }
@media (prefers-color-scheme: dark) { :root { --page: #14171a; --ink: #e6e8eb; --soft: #9aa3ad; --line: #343a41;
  --card: #1d2125; --good: #4fd1a5; --bad: #ff9457;
  --c0: #56b4e9; --c1: #ff8f3f; --c2: #35c797; --c3: #e29ac2; --c4: #f0c419; --c5: #b4bcc6; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 20px 48px; max-width: 1080px; background: var(--page); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
h1 { margin: 0; font-size: 26px; } h2 { margin: 32px 0 8px; font-size: 18px; }
p { margin: 4px 0; white-space: pre-wrap; } .soft { color: var(--soft); }
.verdict { display: inline-block; margin: 12px 0; padding: 4px 12px; border: 2px solid; border-radius: 6px;
  font-weight: 600; }
.good { color: var(--good); } .bad { color: var(--bad); }
.scroll { margin: 8px 0 20px; overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 14px 4px 0; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { color: var(--soft); font-weight: 500; } th:first-child, td:first-child, .words td, .words th { text-align: left; }
.words td { white-space: pre-wrap; } td.note { text-align: left; color: var(--soft); }
figure { margin: 20px 0; padding: 12px 14px; background: var(--card); border-radius: 8px; }
figcaption { margin-bottom: 6px; font-weight: 600; }
figure > svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 11px; } svg text.stage { fill: var(--ink); }
.grid { stroke: var(--line); stroke-width: 1; }
.band { fill: var(--soft); opacity: 0.1; } .band.odd { opacity: 0; } .hit { fill: transparent; }
polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
.c0 { stroke: var(--c0); } .c1 { stroke: var(--c1); stroke-dasharray: 9 3; } .c2 { stroke: var(--c2); }
polyline.c2 { stroke-width: 3.5; }
.c3 { stroke: var(--c3); stroke-dasharray: 5 3; } .c4 { stroke: var(--c4); stroke-dasharray: 12 3 2 3; }
.c5 { stroke: var(--c5); stroke-dasharray: 2 2; }
polyline.other { stroke-width: 1.5; stroke-dasharray: 2 3; opacity: 0.9; }
.legend { margin-top: 8px; color: var(--soft); font-size: 13px; } .legend { white-space: normal; } .legend span { margin-right: 18px; white-space: nowrap; }
.legend svg { vertical-align: middle; }
@media print { body { max-width: none; } figure { break-inside: avoid; } }
)";

}  // namespace relay::bench
