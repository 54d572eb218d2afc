// context add, edit, list, show, select, rm, copy, export: profiles for several relayds.
#pragma once

#include "verb.hpp"

namespace relay::ctl {

Form context_add_form();
int context_add(Context& context);
Form context_edit_form();
int context_edit(Context& context);
Form context_list_form();
int context_list(Context& context);
Form context_show_form();
int context_show(Context& context);
Form context_select_form();
int context_select(Context& context);
Form context_rm_form();
int context_rm(Context& context);
Form context_copy_form();
int context_copy(Context& context);
Form context_export_form();
int context_export(Context& context);

}  // namespace relay::ctl
