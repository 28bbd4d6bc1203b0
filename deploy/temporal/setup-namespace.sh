#!/bin/sh
# Registers the namespace and the search attributes that Selvedge's workflows set; harmless when they are there.
# TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE come from docker-compose.yml.
set -eu

tries=0
until temporal operator cluster health >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 60 ]; then
        echo "Temporal at $TEMPORAL_ADDRESS did not become healthy" >&2
        exit 1
    fi
    sleep 2
done

temporal operator namespace describe -n "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
    temporal operator namespace create -n "$TEMPORAL_NAMESPACE" --retention 30d

known=$(temporal operator search-attribute list -n "$TEMPORAL_NAMESPACE")
for attribute in ClientPhase:Keyword RiskBand:Keyword CampaignId:Keyword OutreachState:Keyword \
    FixState:Keyword NextTouchAt:Datetime Paused:Bool; do
    name=${attribute%:*}
    echo "$known" | grep -q "\b$name\b" ||
        temporal operator search-attribute create -n "$TEMPORAL_NAMESPACE" --name "$name" --type "${attribute#*:}"
done
