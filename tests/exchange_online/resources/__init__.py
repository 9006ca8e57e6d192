"""The provider process over gRPC, against the emulator: failures, histories, hygiene."""
