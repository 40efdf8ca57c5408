"""Polite, resumable, verified bytes: from the archives, or from a mirror of them, into blobs and the ledger.

    run.run          all configured sources; what is fresh is skipped
    plan             what to ask for, and what need not be asked again
    download.fetch   one resource: ask, receive, judge, keep
    verify           are these bytes what was asked for?
    retry, politeness, budget, mirror, client      how it is asked
"""
