"""Pages and addresses of the e-government bus."""

from kualik.gateway.views.channels import async_channel, sync_channel
from kualik.gateway.views.peers import peer, peers
from kualik.gateway.views.registers import allow_register, own_registers, registers_page
from kualik.gateway.views.services import connect, service, service_try, services
from kualik.gateway.views.talks import arrival, arrivals, queue, queue_resend, talk, talks

__all__ = [
    "arrival",
    "arrivals",
    "connect",
    "peer",
    "peers",
    "queue",
    "queue_resend",
    "service",
    "service_try",
    "services",
    "talk",
    "talks",
    "async_channel",
    "sync_channel",
    "allow_register",
    "own_registers",
    "registers_page",
]
