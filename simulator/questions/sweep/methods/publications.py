"""Who described the methods of sensitivity analysis, as citations with a DOI."""

from __future__ import annotations

PRIMER = "Saltelli A et al. Global Sensitivity Analysis: The Primer. Wiley 2008, doi 10.1002/9780470725184"
SALIB = "Herman J, Usher W. J Open Source Softw 2017;2:97, doi 10.21105/joss.00097"
METHODS = {
    "one_way": PRIMER,
    "grid": PRIMER,
    "morris": "Morris MD. Technometrics 1991;33:161-174, doi 10.1080/00401706.1991.10484804; "
    "Campolongo F, Cariboni J, Saltelli A. Environ Model Softw 2007;22:1509-1518, doi 10.1016/j.envsoft.2006.10.004",
    "dgsm": "Sobol' IM, Kucherenko S. Math Comput Simul 2009;79:3009-3017, doi 10.1016/j.matcom.2009.01.023",
    "sobol": "Sobol' IM. Math Comput Simul 2001;55:271-280, doi 10.1016/S0378-4754(00)00270-6; "
    "Saltelli A et al. Comput Phys Commun 2010;181:259-270, doi 10.1016/j.cpc.2009.09.018",
    "fast": "Saltelli A, Tarantola S, Chan KPS. Technometrics 1999;41:39-56, doi 10.1080/00401706.1999.10485594",
    "rbd_fast": "Tarantola S, Gatelli D, Mara TA. Reliab Eng Syst Saf 2006;91:717-727, doi 10.1016/j.ress.2005.06.003",
    "pawn": "Pianosi F, Wagener T. Environ Model Softw 2015;67:1-11, doi 10.1016/j.envsoft.2015.01.004",
    "regional": "Spear RC, Hornberger GM. Water Res 1980;14:43-49, doi 10.1016/0043-1354(80)90040-8",
}
OUTSIDE_SALIB = {"one_way", "grid"}
COPULA = "Mara TA, Tarantola S. Reliab Eng Syst Saf 2012;107:115-121, doi 10.1016/j.ress.2011.08.008"
EMULATOR = (
    "Rasmussen CE, Williams CKI. Gaussian Processes for Machine Learning. MIT Press 2006, "
    "doi 10.7551/mitpress/3206.001.0001"
)


def methods_cited(method: str, *, correlated: bool, emulator: bool) -> list[str]:
    """What a study by `method` rests on, with inputs that were estimated together or an emulator."""
    found = [METHODS[method], *([] if method in OUTSIDE_SALIB else [SALIB])]
    return found + [COPULA] * correlated + [EMULATOR] * emulator
