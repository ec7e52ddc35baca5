"""The four campaigns of the seeded world, as data."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from altur_sandbox.worlds.campaigns import Campaign, Outcome, Policy
from altur_sandbox.worlds.people import Directory

MEXICO_CITY = ZoneInfo("America/Mexico_City")

_GREETING = Policy(
    "pol_saludo",
    "Saludo e identificación",
    applicable=1.0,
    met=0.93,
    explanations={
        "met": (
            "El agente saludó, dijo su nombre y el de la empresa antes de cualquier otra cosa.",
            "La identificación fue completa en los primeros diez segundos.",
        ),
        "not_met": (
            "El agente no mencionó el nombre de la empresa al abrir la llamada.",
            "La persona tuvo que preguntar quién llamaba.",
        ),
    },
)
_NO_PRESSURE = Policy(
    "pol_trato",
    "Trato respetuoso, sin presión",
    applicable=1.0,
    met=0.88,
    explanations={
        "met": (
            "El tono fue cordial durante toda la llamada, también ante la negativa.",
            "No hubo amenazas ni insistencia después de que la persona dijo que no podía.",
        ),
        "not_met": (
            "El agente insistió tres veces después de una negativa clara.",
            "Se habló de consecuencias legales sin que estuviera permitido.",
        ),
    },
)
_PAYMENT_READ_BACK = Policy(
    "pol_confirmacion_pago",
    "Confirma monto y fecha del pago",
    applicable=0.62,
    met=0.81,
    explanations={
        "met": (
            "El agente repitió el monto y la fecha y la persona los confirmó.",
            "Monto, fecha y medio de pago quedaron confirmados antes de colgar.",
        ),
        "not_met": (
            "Se acordó un monto pero la fecha nunca se confirmó.",
            "El agente dio por hecho el pago sin repetir los datos.",
        ),
        "not_applicable": ("No hubo promesa de pago en la llamada.",),
    },
)
_OFFER_TERMS = Policy(
    "pol_vigencia",
    "Menciona vigencia de la promoción",
    applicable=0.85,
    met=0.77,
    explanations={
        "met": ("El agente dijo hasta qué día es válida la promoción.",),
        "not_met": ("La promoción se ofreció sin decir cuándo termina.",),
        "not_applicable": ("La persona colgó antes de escuchar la oferta.",),
    },
)
_COVERAGE = Policy(
    "pol_coberturas",
    "Explica coberturas y deducible",
    applicable=0.74,
    met=0.72,
    explanations={
        "met": ("Coberturas y deducible se explicaron con cifras y sin tecnicismos.",),
        "not_met": (
            "Se mencionó la cobertura amplia, pero no el deducible.",
            "La persona preguntó por el deducible y no obtuvo respuesta.",
        ),
        "not_applicable": ("La persona pidió que la llamaran otro día.",),
    },
)
_NEXT_STEP = Policy(
    "pol_siguiente_paso",
    "Cierra con el siguiente paso",
    applicable=0.95,
    met=0.84,
    explanations={
        "met": ("El agente resumió lo acordado y dijo qué sigue y cuándo.",),
        "not_met": ("La llamada terminó sin que quedara claro quién hace qué.",),
        "not_applicable": ("La llamada se cortó antes del cierre.",),
    },
)

_MORNING_AND_EVENING = (0.7, 1.0, 1.3, 1.3, 1.1, 0.9, 0.6, 0.7, 0.9, 1.2, 1.3, 1.0)

COLLECTIONS = Campaign(
    id=1101,
    name="Cobranza preventiva",
    description="Recordatorio y acuerdo de pago con clientes de crédito",
    agent_name="Sofía",
    first_message="Hola, ¿hablo con {{name}}? Le llamo por su crédito.",
    created_at=datetime(2025, 3, 3, 16, 12, tzinfo=UTC),
    type="outbound",
    zone=MEXICO_CITY,
    calls_per_weekday=(225, 220, 215, 215, 205, 95, 0),
    opens=8,
    hours=_MORNING_AND_EVENING,
    answer_rate=0.41,
    talk_seconds=105,
    directory=Directory(6_000, 510_000, "CRED", "+5255", 8),
    outcomes=(
        Outcome(
            0.34,
            ("promesa de pago",),
            "converted",
            (
                lambda facts: {
                    "Payment Amount": facts.pesos,
                    "Payment Date": facts.day.isoformat(),
                    "Payment Medium": facts.medium,
                },
                lambda facts: {"monto_prometido": f"{facts.amount}.00", "fecha_limite": facts.day_first},
                lambda facts: {"payment amount": facts.amount, "fecha_limite": facts.day.isoformat()},
            ),
        ),
        Outcome(
            0.12,
            ("ya pagó", "verificar pago"),
            "converted",
            (lambda facts: {"Payment Date": facts.day.isoformat(), "Payment Medium": facts.medium},),
        ),
        Outcome(
            0.18,
            ("volver a llamar",),
            "answered",
            (lambda facts: {"callback": f"{facts.day.isoformat()} {facts.hour}:00"},),
        ),
        Outcome(
            0.16,
            ("sin capacidad de pago",),
            "answered",
            (
                lambda _: {"motivo": "desempleo", "monto_prometido": ""},
                lambda _: {"motivo": "enfermedad"},
            ),
        ),
        Outcome(0.09, ("número equivocado",), "answered"),
        Outcome(0.06, ("se niega a pagar", "molesto"), "answered"),
        Outcome(0.05, (), "answered"),
    ),
    policies=(_GREETING, _NO_PRESSURE, _PAYMENT_READ_BACK),
)

RETAIL = Campaign(
    id=1102,
    name="Promoción tarjeta de tienda",
    description="Tarjeta de la tienda para clientes frecuentes",
    agent_name="Mateo",
    first_message="Hola, {{name}}, tenemos una promoción para usted.",
    created_at=datetime(2025, 4, 14, 18, 40, tzinfo=UTC),
    type="outbound",
    zone=ZoneInfo("America/Tijuana"),
    calls_per_weekday=(40, 42, 45, 48, 55, 62, 20),
    opens=10,
    hours=(0.8, 1.1, 1.2, 1.0, 0.8, 0.8, 1.0, 1.2, 1.1),
    answer_rate=0.33,
    talk_seconds=70,
    directory=Directory(2_500, 620_000, "CLI", "+52664", 7),
    outcomes=(
        Outcome(
            0.22,
            ("interesado",),
            "converted",
            (
                lambda facts: {"interested": "yes", "appointment_date": facts.day.isoformat()},
                lambda facts: {"interesado": True, "visita": facts.day_first, "tienda": "Plaza Río"},
            ),
        ),
        Outcome(0.2, ("interesado", "enviar información"), "answered", (lambda _: {"interested": "maybe"},)),
        Outcome(0.36, ("no interesado",), "answered", (lambda _: {"interested": "no"},)),
        Outcome(0.12, ("volver a llamar",), "answered", (lambda facts: {"callback": facts.day.isoformat()},)),
        Outcome(0.1, ("no volver a llamar",), "answered"),
    ),
    policies=(_GREETING, _OFFER_TERMS),
)

INSURANCE = Campaign(
    id=1103,
    name="Renovación de seguros",
    description="Pólizas de auto que vencen en los próximos dos meses",
    agent_name="Camila",
    first_message="Buenos días, {{name}}, su póliza está por vencer.",
    created_at=datetime(2025, 6, 9, 14, 5, tzinfo=UTC),
    type="outbound",
    zone=ZoneInfo("America/Bogota"),
    calls_per_weekday=(38, 38, 36, 36, 32, 0, 0),
    opens=9,
    hours=(1.0, 1.3, 1.3, 0.9, 0.5, 0.9, 1.1, 1.0, 0.8),
    answer_rate=0.46,
    talk_seconds=160,
    directory=Directory(1_500, 730_000, "POL", "+57601", 7),
    outcomes=(
        Outcome(
            0.38,
            ("renovación aceptada",),
            "converted",
            (
                lambda facts: {"prima_anual": facts.amount * 40, "fecha_renovacion": facts.day.isoformat()},
                lambda facts: {"Renewal Date": facts.day_first, "Premium": facts.pesos, "renewed": "yes"},
            ),
        ),
        Outcome(0.24, ("pide cotización",), "answered", (lambda facts: {"deducible": f"{facts.grade}%"},)),
        Outcome(0.2, ("volver a llamar",), "answered", (lambda facts: {"callback": facts.day.isoformat()},)),
        Outcome(
            0.18, ("no renueva", "precio"), "answered", (lambda _: {"renewed": "no", "motivo": "precio"},)
        ),
    ),
    policies=(_GREETING, _COVERAGE, _NEXT_STEP),
)

HELP_LINE = Campaign(
    id=1104,
    name="Línea de atención 24 horas",
    description="Consultas y aclaraciones de clientes que llaman",
    agent_name="Sofía",
    first_message="Gracias por llamar, ¿en qué le puedo ayudar?",
    created_at=datetime(2025, 8, 18, 15, 30, tzinfo=UTC),
    type="inbound",
    zone=MEXICO_CITY,
    calls_per_weekday=(400,) * 7,
    opens=0,
    hours=(),
    answer_rate=0.97,
    talk_seconds=210,
    directory=Directory(5_000, 840_000, "CTE", "+5255", 8),
    outcomes=(
        Outcome(
            0.36,
            ("consulta de saldo",),
            "answered",
            (lambda facts: {"saldo": facts.pesos}, lambda facts: {"Balance": facts.amount}),
        ),
        Outcome(
            0.22,
            ("aclaración",),
            "answered",
            (lambda facts: {"folio": f"F{facts.amount}", "fecha_cargo": facts.day_first},),
        ),
        Outcome(
            0.16, ("bloqueo de tarjeta", "urgente"), "converted", (lambda _: {"tarjeta_bloqueada": "sí"},)
        ),
        Outcome(0.14, ("transferida a ejecutivo",), "answered"),
        Outcome(0.12, ("queja",), "answered", (lambda facts: {"satisfacción": facts.grade},)),
    ),
    policies=(_GREETING, _NEXT_STEP),
    # Busy enough that something happens every minute of the night; younger, so as not to outgrow the others.
    age=0.5,
)

FOUR_CAMPAIGNS = (COLLECTIONS, RETAIL, INSURANCE, HELP_LINE)
