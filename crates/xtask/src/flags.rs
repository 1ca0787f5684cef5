//! The commands and their flags.

#![allow(unreachable_pub, missing_debug_implementations, reason = "written by the macro")]

xflags::xflags! {
    /// What set-up and CI do. Start with `cargo xtask serve`.
    cmd xtask {
        /// Builds the release page if needed and serves it on this machine.
        cmd serve {
            /// The port to serve on, 8080 if not given.
            optional --port port: u16
        }
        /// Builds the release page in dist/ and prints its sizes.
        cmd build {}
        /// Prints the sizes of the page in dist/.
        cmd size {}
        /// Runs every check and every test, in order, up to the first failure.
        cmd test {
            /// Runs this stage alone: format, lint, lint-wasm, unit, docs, page, bindings or e2e.
            optional --only stage: String
        }
        /// Checks that the page of what is modelled says what the comments of the core say.
        cmd model {
            /// Writes the page instead of checking it.
            optional --write
        }
        /// Checks that the page of the notes says what web/notes/notes.toml says.
        cmd notes {
            /// Writes the page instead of checking it.
            optional --write
        }
    }
}
